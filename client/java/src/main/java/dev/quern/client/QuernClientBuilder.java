package dev.quern.client;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Settings of a [QuernClient]. What is not set comes from `QUERN_URL`, `QUERN_TOKEN`, or for the
/// token the file `~/.quern/admin.token`.
public final class QuernClientBuilder {
    private static final String DEFAULT_URL = "http://127.0.0.1:7700";

    private final Map<String, String> environment;
    private @Nullable String url;
    private @Nullable String token;
    private Duration timeout = Duration.ofSeconds(60);
    private int attempts = 5;
    private Path home;
    private RandomGenerator random = new Random();

    QuernClientBuilder(Map<String, String> environment) {
        this.environment = environment;
        this.home = Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")));
    }

    /// The server, as `http://host:port` or `https://...`.
    @CanIgnoreReturnValue
    public QuernClientBuilder url(String value) {
        url = value;
        return this;
    }

    /// The bearer token.
    @CanIgnoreReturnValue
    public QuernClientBuilder token(String value) {
        token = value;
        return this;
    }

    /// How long one request may wait for its answer to begin; default 60 s. Calls, maps and syncs
    /// wait as long as they run.
    @CanIgnoreReturnValue
    public QuernClientBuilder timeout(Duration value) {
        timeout = value;
        return this;
    }

    /// How often one request is sent at most, 1 to 20; default 5.
    @CanIgnoreReturnValue
    public QuernClientBuilder attempts(int value) {
        attempts = value;
        return this;
    }

    @CanIgnoreReturnValue
    QuernClientBuilder home(Path value) {
        home = value;
        return this;
    }

    @CanIgnoreReturnValue
    QuernClientBuilder random(RandomGenerator value) {
        random = value;
        return this;
    }

    /// Opens the client; no connection is made before the first request.
    ///
    /// @throws QuernException `INVALID` if a value cannot be used, `DENIED` if there is no token
    @MustBeClosed
    public QuernClient build() {
        return new QuernClient(config());
    }

    ClientConfig config() {
        String address = url != null ? url : environment.getOrDefault("QUERN_URL", DEFAULT_URL);
        return new ClientConfig(parse(address), resolveToken(), timeout, attempts, random);
    }

    private static URI parse(String address) {
        try {
            return URI.create(
                    address.endsWith("/") ? address.substring(0, address.length() - 1) : address);
        } catch (IllegalArgumentException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "url must look like " + DEFAULT_URL + ", got \"" + address + "\"",
                    e);
        }
    }

    private String resolveToken() {
        if (token != null) {
            return token;
        }
        String fromEnvironment = environment.get("QUERN_TOKEN");
        if (fromEnvironment != null && !fromEnvironment.isBlank()) {
            return fromEnvironment.strip();
        }
        Path file = home.resolve(".quern").resolve("admin.token");
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.DENIED,
                    "no token: set QUERN_TOKEN, or start a server on this machine, which writes "
                            + file,
                    e);
        }
    }
}
