package dev.quern.client;

import com.google.errorprone.annotations.MustBeClosed;
import java.net.URI;

/// A connection to one Quern server. Thread-safe; close it when done, which ends waits for retries
/// and idle connections.
///
/// ```java
/// try (QuernClient quern = QuernClient.fromEnvironment()) {
///     VolumeFiles docs = quern.volumes().files("docs");
///     docs.put("readme.md", Path.of("README.md"));
///     docs.commit("first");
/// }
/// ```
public final class QuernClient implements AutoCloseable {
    private final HttpTransport http;
    private final URI url;

    QuernClient(ClientConfig config) {
        this.url = config.url();
        this.http = new HttpTransport(config);
    }

    /// A builder whose unset values come from the environment; see [QuernClientBuilder].
    public static QuernClientBuilder builder() {
        return new QuernClientBuilder(System.getenv());
    }

    /// A client for `QUERN_URL` (default `http://127.0.0.1:7700`) with `QUERN_TOKEN`, or the token
    /// in `~/.quern/admin.token`.
    ///
    /// @throws dev.quern.common.QuernException `DENIED` if there is no token, `INVALID` if the URL
    ///   is not one
    @MustBeClosed
    public static QuernClient fromEnvironment() {
        return builder().build();
    }

    /// The server's address.
    public URI url() {
        return url;
    }

    /// Whether the server is up and takes requests; false also when none answers.
    public boolean ready() {
        return http.answersOk("/ready");
    }

    /// Volumes and their files.
    public Volumes volumes() {
        return new Volumes(http);
    }

    /// Collections and their rows.
    public Collections collections() {
        return new Collections(http);
    }

    /// Functions: deploy, call, spawn, map.
    public Functions functions() {
        return new Functions(http);
    }

    /// Calls that were made.
    public Calls calls() {
        return new Calls(http);
    }

    /// Embedding models.
    public Models models() {
        return new Models(http);
    }

    /// The whole store, for its operator.
    public Storage storage() {
        return new Storage(http);
    }

    @Override
    public void close() {
        http.close();
    }
}
