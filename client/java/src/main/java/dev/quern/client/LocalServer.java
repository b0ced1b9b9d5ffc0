package dev.quern.client;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A `quern serve` process on free ports of this machine, for tests, demos and benchmarks. Its log
/// goes to `server.log` in the data directory. It ends with this JVM, in whatever way that ends.
public final class LocalServer implements AutoCloseable {
    private static final Pattern READY = Pattern.compile("ready http=(\\S+) flight=(\\S+)");
    private static final long STOP_SECONDS = 60;
    private static final int LOG_LINES = 15;

    private final Process process;
    private final URI httpUrl;
    private final URI flightUrl;
    private final String token;
    private final Duration startTime;
    private final Thread hook;

    private LocalServer(Process process, Matcher ready, String token, Duration startTime) {
        this.process = process;
        this.httpUrl = URI.create(ready.group(1));
        this.flightUrl = URI.create(ready.group(2));
        this.token = token;
        this.startTime = startTime;
        this.hook = new Thread(process::destroyForcibly, "end-quern-server");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /// Starts a server and waits until it is ready.
    ///
    /// @param launcher the `quern` command: a path, or a name on the PATH
    /// @param data its data directory, made when it is not there
    /// @param flags more options of `quern serve`
    /// @throws QuernException `UNAVAILABLE` with the end of its log if it does not get ready
    @MustBeClosed
    public static LocalServer start(String launcher, Path data, String... flags) {
        List<String> command =
                new ArrayList<>(List.of(launcher, "serve", "--data", data.toString()));
        command.addAll(List.of("--http-port", "0", "--flight-port", "0"));
        command.addAll(List.of(flags));
        Path log = data.resolve("server.log");
        try {
            Files.createDirectories(data);
            long startNanos = System.nanoTime();
            Process process =
                    new ProcessBuilder(command)
                            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                            .start();
            BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
            String line = out.readLine();
            Duration startTime = Duration.ofNanos(System.nanoTime() - startNanos);
            Matcher ready = READY.matcher(line == null ? "" : line);
            if (!ready.matches()) {
                process.destroyForcibly();
                throw new QuernException(
                        ErrorKind.UNAVAILABLE, "the server did not start:\n" + tail(log));
            }
            String token = Files.readString(data.resolve("admin.token")).strip();
            return new LocalServer(process, ready, token, startTime);
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "cannot run " + launcher + ": " + e.getMessage(), e);
        }
    }

    private static String tail(Path log) throws IOException {
        List<String> lines = Files.exists(log) ? Files.readAllLines(log) : List.of();
        return String.join(
                "\n", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
    }

    /// Where it serves HTTP.
    public URI httpUrl() {
        return httpUrl;
    }

    /// Where it serves Flight.
    public URI flightUrl() {
        return flightUrl;
    }

    /// Its admin token.
    public String token() {
        return token;
    }

    /// From starting the launcher to the line that says ready.
    public Duration startTime() {
        return startTime;
    }

    /// A client of this server; close it before the server.
    @MustBeClosed
    public QuernClient connect() {
        return QuernClient.builder().url(httpUrl.toString()).token(token).build();
    }

    /// SIGKILL: nothing of the server's own runs any more.
    public void kill() {
        process.destroyForcibly();
        await();
    }

    private void await() {
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new QuernException(
                        ErrorKind.UNAVAILABLE,
                        "the server did not stop within " + STOP_SECONDS + " s and was killed");
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /// SIGTERM, and waits until it has ended.
    @Override
    public void close() {
        process.destroy();
        await();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // This JVM is ending and runs the hook itself; the process it would end is gone.
            hook.setName("end-quern-server-done");
        }
    }
}
