package dev.quern.storage;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// After each test class of this package nothing of what it opened is left: no mapping of a file
/// and no open file below the folder for temporary files, and no direct memory. Registered for all
/// by `META-INF/services`; on Linux only, where the kernel tells.
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {
    private static final Path MAPS = Path.of("/proc/self/maps");
    private static final Path HANDLES = Path.of("/proc/self/fd");

    /// What threads keep for their own next copies.
    private static final long SLACK_BYTES = 4L << 20;

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofMillis(50);

    /// What a process holds.
    private record Held(List<String> mappings, List<String> handles, long directBytes) {
        static Held now() throws IOException {
            return new Held(mappedFiles(), openFiles(), directMemory());
        }

        boolean isWithin(Held before) {
            return mappings.size() <= before.mappings.size()
                    && handles.size() <= before.handles.size()
                    && directBytes <= before.directBytes + SLACK_BYTES;
        }

        private static List<String> mappedFiles() throws IOException {
            String folder = folder();
            try (Stream<String> lines = Files.lines(MAPS)) {
                return lines.filter(line -> line.contains(" " + folder))
                        .filter(line -> !isCode(line))
                        .toList();
            }
        }

        private static List<String> openFiles() throws IOException {
            List<String> open = new ArrayList<>();
            try (Stream<Path> handles = Files.list(HANDLES)) {
                for (Path handle : handles.toList()) {
                    String target = target(handle);
                    if (target.startsWith(folder()) && !isCode(target)) {
                        open.add(target);
                    }
                }
            }
            return open;
        }

        /// Where a handle leads, nowhere if it was closed meanwhile.
        private static String target(Path handle) {
            try {
                return Files.readSymbolicLink(handle).toString();
            } catch (IOException e) {
                return "";
            }
        }

        /// Libraries that unpack themselves stay for the life of the process.
        private static boolean isCode(String file) {
            return file.contains(".so") || file.contains(".jar");
        }

        private static String folder() {
            return Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath() + "/";
        }

        private static long directMemory() {
            return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(pool -> pool.getName().equals("direct"))
                    .mapToLong(BufferPoolMXBean::getMemoryUsed)
                    .sum();
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        if (applies(context)) {
            context.getStore(ExtensionContext.Namespace.create(LeakCheck.class))
                    .put(context.getUniqueId(), Held.now());
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        Held before =
                context.getStore(ExtensionContext.Namespace.create(LeakCheck.class))
                        .get(context.getUniqueId(), Held.class);
        if (before == null) {
            return;
        }
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Held after = Held.now();
        while (!after.isWithin(before) && System.nanoTime() < deadline) {
            System.gc(); // buffers go with their owners
            LockSupport.parkNanos(PAUSE.toNanos());
            after = Held.now();
        }
        if (!after.isWithin(before)) {
            throw new AssertionError(
                    context.getDisplayName()
                            + " leaves open more than there was: before "
                            + before
                            + ", after "
                            + after);
        }
    }

    private static boolean applies(ExtensionContext context) {
        return Files.isReadable(MAPS)
                && context.getTestClass()
                        .filter(type -> type.getPackage() == LeakCheck.class.getPackage())
                        .isPresent();
    }
}
