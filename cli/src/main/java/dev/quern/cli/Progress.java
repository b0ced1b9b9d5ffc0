package dev.quern.cli;

import dev.quern.common.ByteSize;
import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;

/// A progress bar on a terminal's stderr; silent where there is no terminal. Not thread-safe.
public final class Progress implements AutoCloseable {
    private static final int WIDTH = 28;
    private static final long REDRAW_NANOS = 100_000_000L;

    private final PrintWriter err;
    private final String label;
    private final boolean shown;
    private final long startNanos = System.nanoTime();
    private long drawnNanos = startNanos - REDRAW_NANOS;

    /// Starts a bar.
    ///
    /// @param label what is being done
    @SuppressWarnings(
            "SystemConsoleNull") // its type says that it may be null, and NullAway holds us to that
    public Progress(PrintWriter err, String label) {
        this.err = err;
        this.label = label;
        Console console = System.console();
        this.shown = console != null && console.isTerminal();
    }

    /// Whether there is a terminal to draw on.
    boolean isShown() {
        return shown;
    }

    /// Says what is done where it is not known how much there is.
    void showOpen(String detail) {
        if (shown) {
            err.printf(Locale.ROOT, "\r\033[K%s %s", label, detail);
            err.flush();
        }
    }

    /// Draws the bar, at most ten times a second.
    ///
    /// @param done of `total`, same unit
    /// @param detail shown after the percentage
    public void show(long done, long total, String detail) {
        long now = System.nanoTime();
        if (!shown || (now - drawnNanos < REDRAW_NANOS && done < total)) {
            return;
        }
        drawnNanos = now;
        int filled = total <= 0 ? WIDTH : (int) (WIDTH * Math.min(done, total) / total);
        err.printf(
                Locale.ROOT,
                "\r\033[K%s [%s%s] %3d %% %s",
                label,
                "#".repeat(filled),
                ".".repeat(WIDTH - filled),
                total <= 0 ? 100 : 100 * done / total,
                detail);
        err.flush();
    }

    /// Draws a bar of bytes with its rate.
    public void showBytes(long doneBytes, long totalBytes) {
        show(doneBytes, totalBytes, new ByteSize(doneBytes) + ", " + rate(doneBytes));
    }

    /// Bytes a second since the start, as text.
    private String rate(long doneBytes) {
        double seconds = Math.max(1e-3, (System.nanoTime() - startNanos) / 1e9);
        return String.format(Locale.ROOT, "%.1f MB/s", doneBytes / 1e6 / seconds);
    }

    @Override
    public void close() {
        if (shown) {
            err.print("\r\033[K");
            err.flush();
        }
    }
}
