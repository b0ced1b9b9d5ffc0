package dev.quern.function.sandbox;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Starts confined processes. Which confinement works is found out once, at [#open]; when none
/// does, every [#start] is refused, saying why and what to install. Thread-safe.
public final class Sandbox implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Sandbox.class);

    /// Users of sandboxes on a service that runs as root: one each, far from those of people, and
    /// 2,048 for each of 50,000 services, told apart by their directories.
    private static final int FIRST_UID = 2_000_000_000;

    private static final int UIDS_PER_SERVICE = 2_048;

    private static final String JOIN =
            """
            while [ "$1" != -- ]; do
                echo 0 >"$1" || exit 125
                shift
            done
            shift
            exec "$@"
            """;

    private final SandboxView system;
    private final boolean root;
    private final int firstUid;
    private final Optional<ControlGroups> groups;
    private final Optional<MemoryWatcher> watcher;
    private final @Nullable Confinement confinement;
    private final String refusal;
    private final AtomicLong names = new AtomicLong();

    @GuardedBy("uids")
    private final BitSet uids = new BitSet();

    private Sandbox(SandboxMode mode, Path directory) throws IOException {
        root = isRoot();
        firstUid = FIRST_UID + Math.floorMod(directory.hashCode(), 50_000) * UIDS_PER_SERVICE;
        system = SandboxView.system(SandboxFiles.settings(directory));
        groups = ControlGroups.detect("quern-" + Integer.toHexString(directory.hashCode()));
        watcher = groups.isPresent() ? Optional.empty() : Optional.of(new MemoryWatcher());
        SandboxProbe probe = new SandboxProbe(this::startWith);
        confinement = probe.choose(mode, candidates(mode, directory));
        refusal = probe.refusal();
        if (confinement == null) {
            LOG.warn(refusal);
        } else {
            String bounds = groups.map(g -> "control groups " + g.version()).orElse("limits");
            LOG.info("function sandbox: {}, bounds by {}", confinement.name(), bounds);
        }
    }

    /// Finds out what works here.
    ///
    /// @param directory for small files of its own; it must exist
    @MustBeClosed
    public static Sandbox open(SandboxMode mode, Path directory) {
        try {
            return new Sandbox(mode, directory);
        } catch (IOException e) {
            throw QuernException.internal("sandbox files in " + directory + " not written", e);
        }
    }

    private List<Confinement> candidates(SandboxMode mode, Path directory) throws IOException {
        boolean bounded = groups.isPresent();
        List<Confinement> all = new ArrayList<>();
        if (mode == SandboxMode.NONE) {
            all.add(new Unconfined(bounded));
        }
        if (mode == SandboxMode.AUTO || mode == SandboxMode.BWRAP) {
            all.add(new Bubblewrap(bounded));
        }
        if (mode == SandboxMode.AUTO || mode == SandboxMode.UNSHARE) {
            Path script = SandboxFiles.script(directory);
            all.add(new UtilLinux(script, SandboxFiles.emptyRoot(directory), bounded));
        }
        return all;
    }

    /// `bwrap`, `unshare` or `none`.
    ///
    /// @throws QuernException `UNAVAILABLE`, saying what to install, when none works here
    public String name() {
        return confinement().name();
    }

    /// Whether processes get a view of files of their own; false only for [SandboxMode#NONE].
    ///
    /// @throws QuernException `UNAVAILABLE` as [#name]
    public boolean confines() {
        return confinement().confines();
    }

    private Confinement confinement() {
        if (confinement == null) {
            throw new QuernException(ErrorKind.UNAVAILABLE, refusal);
        }
        return confinement;
    }

    /// Starts a process. It is killed when the calling thread ends.
    ///
    /// @throws QuernException `UNAVAILABLE` as [#name], or when the machine has no room for one
    ///   more
    @MustBeClosed
    public SandboxProcess start(SandboxCommand command) {
        return startWith(confinement(), command);
    }

    @MustBeClosed
    private SandboxProcess startWith(Confinement with, SandboxCommand command) {
        OptionalInt uid = root && with.confines() ? OptionalInt.of(takeUid()) : OptionalInt.empty();
        ControlGroup group = null;
        try {
            group =
                    groups.isEmpty()
                            ? null
                            : groups.get().create("i" + names.incrementAndGet(), command.bounds());
            SandboxView view = with.confines() ? system.with(command.binds()) : system;
            List<String> line = joining(group, with.wrap(view, command, uid));
            return launch(line, command, with, group, () -> giveBack(uid));
        } catch (IOException | RuntimeException e) {
            if (group != null) {
                group.close();
            }
            giveBack(uid);
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "sandbox process cannot be started: " + message(e), e);
        }
    }

    private static String message(Exception e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    private static List<String> joining(@Nullable ControlGroup group, List<String> line) {
        if (group == null) {
            return line;
        }
        List<String> joined = new ArrayList<>(List.of("/bin/sh", "-c", JOIN, "quern"));
        group.joinFiles().forEach(file -> joined.add(file.toString()));
        joined.add("--");
        joined.addAll(line);
        return joined;
    }

    @MustBeClosed
    private SandboxProcess launch(
            List<String> line,
            SandboxCommand command,
            Confinement with,
            @Nullable ControlGroup group,
            Runnable afterClose)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(line).directory(new File("/"));
        Map<String, String> environment = builder.environment();
        environment.clear();
        environment.put("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        environment.putAll(command.environment());
        SandboxProcess[] started = new SandboxProcess[1];
        Runnable release =
                () -> {
                    watcher.ifPresent(w -> w.forget(started[0]));
                    afterClose.run();
                };
        started[0] =
                new SandboxProcess(
                        builder.start(), command.bounds(), with.confines(), group, release);
        watcher.ifPresent(w -> w.watch(started[0]));
        return started[0];
    }

    private int takeUid() {
        synchronized (uids) {
            int slot = uids.nextClearBit(0);
            uids.set(slot);
            return firstUid + slot;
        }
    }

    private void giveBack(OptionalInt uid) {
        if (uid.isPresent()) {
            synchronized (uids) {
                uids.clear(uid.getAsInt() - firstUid);
            }
        }
    }

    private static boolean isRoot() {
        try {
            return Files.exists(Path.of("/proc/self"))
                    && Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /// Ends the watcher and removes the control groups; the processes must be closed before.
    @Override
    public void close() {
        watcher.ifPresent(MemoryWatcher::close);
        groups.ifPresent(ControlGroups::close);
    }

    /// Text of a resource beside this class.
    static String resource(String name) throws IOException {
        try (InputStream in = Sandbox.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException("resource " + name + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
