package dev.quern.function.sandbox;

import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A running sandbox. The thread that started it must live as long as it does. Thread-safe, but for
/// the streams, which have one user each.
public final class SandboxProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SandboxProcess.class);
    private static final Duration END = Duration.ofSeconds(10);

    private final Process process;
    private final SandboxBounds bounds;
    private final boolean confined;
    private final @Nullable ControlGroup group;
    private final Runnable afterClose;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean killedForMemory;
    private volatile long main;

    SandboxProcess(
            Process process,
            SandboxBounds bounds,
            boolean confined,
            @Nullable ControlGroup group,
            Runnable afterClose) {
        this.process = process;
        this.bounds = bounds;
        this.confined = confined;
        this.group = group;
        this.afterClose = afterClose;
    }

    /// Standard input of the process.
    public OutputStream input() {
        return process.getOutputStream();
    }

    /// Standard output of the process.
    public InputStream output() {
        return process.getInputStream();
    }

    /// Standard error of the process, and of what prepares the sandbox.
    public InputStream errors() {
        return process.getErrorStream();
    }

    /// The outermost process.
    long pid() {
        return process.pid();
    }

    SandboxBounds bounds() {
        return bounds;
    }

    /// Runs an action when the process has ended.
    public void onExit(Runnable action) {
        process.onExit().thenRun(action).exceptionally(SandboxProcess::logged);
    }

    private static @Nullable Void logged(Throwable failure) {
        LOG.error("action after a sandbox's end failed", failure);
        return null;
    }

    /// CPU time of everything in the sandbox so far, in nanoseconds; empty without control groups.
    public OptionalLong cpuNanos() {
        return group == null ? OptionalLong.empty() : group.cpuNanos();
    }

    /// Highest resident size so far of the process that was asked for; empty where the machine does
    /// not tell. It is known once that process has answered something.
    public OptionalLong peakBytes() {
        if (main == 0) {
            main = findMain();
        }
        return ProcFiles.peakBytes(main);
    }

    /// Both confinements run the command in the child of their only child.
    private long findMain() {
        long pid = process.pid();
        for (int i = 0; confined && i < 2; i++) {
            List<Long> children = ProcFiles.children(pid);
            if (children.isEmpty()) {
                return pid;
            }
            pid = children.getFirst();
        }
        return pid;
    }

    /// Whether something in the sandbox was killed for its memory.
    public boolean memoryExceeded() {
        return killedForMemory || (group != null && group.memoryKills() > 0);
    }

    /// Whether the bound on processes was met; false without control groups.
    public boolean processesExceeded() {
        return group != null && group.processRefusals() > 0;
    }

    void killForMemory() {
        killedForMemory = true;
        kill();
    }

    /// How it ended: `status 3` or `signal 9 (SIGKILL)`; empty while it runs after `wait`.
    public Optional<String> ending(Duration wait) {
        OptionalInt status = exitStatus(wait);
        return status.isEmpty()
                ? Optional.empty()
                : Optional.of(ExitStatus.describe(status.getAsInt()));
    }

    private OptionalInt exitStatus(Duration wait) {
        try {
            return process.waitFor(wait.toNanos(), TimeUnit.NANOSECONDS)
                    ? OptionalInt.of(process.exitValue())
                    : OptionalInt.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return OptionalInt.empty();
        }
    }

    /// Kills everything in the sandbox; returns at once.
    public void kill() {
        // Found before the parent is killed, which would leave them to another.
        List<ProcessHandle> below = confined ? List.of() : process.descendants().toList();
        // By its handle: Process.destroyForcibly would close the streams, and what was printed last
        // would be lost.
        process.toHandle().destroyForcibly();
        below.forEach(ProcessHandle::destroyForcibly);
        if (group != null && !closed.get()) {
            group.kill();
        }
    }

    /// Kills everything in the sandbox and returns when nothing of it is left.
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        List<Long> pids = ProcFiles.tree(process.pid());
        long deadline = System.nanoTime() + END.toNanos();
        process.destroyForcibly();
        while (!ended(pids) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
        }
        if (!ended(pids)) {
            LOG.warn("processes of sandbox {} are still there after {}", process.pid(), END);
        }
        if (group != null) {
            group.close();
        }
        afterClose.run();
    }

    private boolean ended(List<Long> pids) {
        if (group != null) {
            group.kill();
            return !process.isAlive() && group.isEmpty();
        }
        boolean alive = process.isAlive();
        for (long pid : pids) {
            Optional<ProcessHandle> handle = ProcessHandle.of(pid);
            if (handle.isPresent() && handle.get().isAlive()) {
                alive = true;
                if (!confined) {
                    handle.get().destroyForcibly();
                }
            }
        }
        return !alive;
    }
}
