package dev.quern.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/// What some work of this process took.
///
/// @param seconds by the clock
/// @param cpuSeconds of all threads, in user and in kernel mode
/// @param writtenBytes handed to the file system to be written to the disk
record Cost(double seconds, double cpuSeconds, double writtenBytes) {
    /// Work that may fail.
    interface Work {
        void run() throws IOException;
    }

    static Cost of(Work work) throws IOException {
        long written = written();
        long cpu = cpuNanos();
        long start = System.nanoTime();
        work.run();
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Cost(seconds, (cpuNanos() - cpu) / 1e9, written() - written);
    }

    private static long cpuNanos() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
    }

    private static long written() throws IOException {
        Path counts = Path.of("/proc/self/io");
        if (!Files.isReadable(counts)) {
            return 0;
        }
        String key = "write_bytes: ";
        return Files.readAllLines(counts).stream()
                .filter(line -> line.startsWith(key))
                .mapToLong(line -> Long.parseLong(line.substring(key.length())))
                .sum();
    }
}
