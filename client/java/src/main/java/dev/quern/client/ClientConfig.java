package dev.quern.client;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.net.URI;
import java.time.Duration;
import java.util.random.RandomGenerator;

/// Settings of a client.
///
/// @param url scheme, host and port, without a slash at the end
/// @param token bearer token
/// @param timeout until an answer begins, for requests that do not wait for work
/// @param attempts how often one request is sent at most, 1 to 20
/// @param random spreads retries
record ClientConfig(URI url, String token, Duration timeout, int attempts, RandomGenerator random) {

    ClientConfig {
        String scheme = url.getScheme();
        if (url.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
            throw QuernException.invalid(
                    "url must look like http://127.0.0.1:7700, got \""
                            + Names.abbreviate(url.toString())
                            + "\"");
        }
        if (token.isBlank() || token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw QuernException.invalid("token must be printable ASCII without spaces");
        }
        if (timeout.isNegative() || timeout.isZero()) {
            throw QuernException.invalid("timeout must be above 0, got " + timeout);
        }
        if (attempts < 1 || attempts > 20) {
            throw QuernException.invalid("attempts must be 1 to 20, got " + attempts);
        }
    }

    /// Without the token.
    @Override
    public String toString() {
        return "ClientConfig[url=" + url + ", timeout=" + timeout + ", attempts=" + attempts + "]";
    }
}
