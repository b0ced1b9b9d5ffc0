package dev.quern.cli.demo;

import com.google.errorprone.annotations.FormatMethod;
import java.io.PrintWriter;
import java.util.Locale;

/// Prints the demo's steps with their times.
final class Narrator {
    private final PrintWriter out;
    private final long startNanos = System.nanoTime();
    private long stepNanos = startNanos;
    private int step;

    Narrator(PrintWriter out) {
        this.out = out;
    }

    PrintWriter out() {
        return out;
    }

    /// Ends a step: its number, what was done, how long it took.
    @FormatMethod
    void done(String format, Object... values) {
        step++;
        out.printf(
                Locale.ROOT,
                "%2d. %-92s %6.2f s%n",
                step,
                String.format(Locale.ROOT, format, values),
                stepSeconds());
        out.flush();
        stepNanos = System.nanoTime();
    }

    /// A line that belongs to the step that ended last.
    @FormatMethod
    void detail(String format, Object... values) {
        out.printf(Locale.ROOT, "      %s%n", String.format(Locale.ROOT, format, values));
        out.flush();
    }

    /// Seconds since the last step ended.
    double stepSeconds() {
        return (System.nanoTime() - stepNanos) / 1e9;
    }

    /// Says how long everything took.
    void end() {
        out.printf(Locale.ROOT, "%nall in %.1f s%n", (System.nanoTime() - startNanos) / 1e9);
        out.flush();
    }
}
