package dev.quern.storage.s3;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.storage.TierNames;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/// Where a bucket is and how to get in.
///
/// @param endpoint `http` or `https` address of the store; empty for AWS itself
/// @param region as in `eu-central-1`; stores other than AWS take mostly any
/// @param bucket name of the bucket, which must exist
/// @param prefix what all keys begin with: empty, or a path that ends with `/`, so that several
///   stores share a bucket
/// @param credentials empty to look where the AWS SDK does: system properties, environment
///   (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`), profile, the machine's
///   role
/// @param pathStyle whether the bucket is in the path of an address instead of the host's name, as
///   most stores other than AWS want it
/// @param deadline how long an operation on a blob is tried again before it fails; 1 s to 1 h
public record S3Config(
        Optional<URI> endpoint,
        String region,
        String bucket,
        String prefix,
        Optional<Credentials> credentials,
        boolean pathStyle,
        Duration deadline) {
    /// For [#deadline].
    public static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(60);

    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
    private static final Pattern REGION = Pattern.compile("[a-z0-9-]{1,40}");
    private static final Duration MIN_DEADLINE = Duration.ofSeconds(1);
    private static final Duration MAX_DEADLINE = Duration.ofHours(1);

    /// Checks the form of each.
    ///
    /// @throws QuernException `INVALID` naming the setting and the value
    public S3Config {
        endpoint.ifPresent(S3Config::requireEndpoint);
        if (!BUCKET.matcher(bucket).matches()) {
            throw refused("bucket", "3 to 63 of a-z 0-9 . -", bucket);
        }
        if (!REGION.matcher(region).matches()) {
            throw refused("region", "like eu-central-1", region);
        }
        if (!prefix.isEmpty()) {
            if (!prefix.endsWith("/")) {
                throw refused("prefix", "empty or end with /", prefix);
            }
            TierNames.require(prefix.substring(0, prefix.length() - 1));
        }
        if (deadline.compareTo(MIN_DEADLINE) < 0 || deadline.compareTo(MAX_DEADLINE) > 0) {
            throw refused("deadline", "1 s to 1 h", deadline.toString());
        }
    }

    private static void requireEndpoint(URI endpoint) {
        String scheme = endpoint.getScheme();
        boolean http = "http".equals(scheme) || "https".equals(scheme);
        if (!http || endpoint.getHost() == null || endpoint.getUserInfo() != null) {
            throw refused("endpoint", "like https://host:port", endpoint.toString());
        }
    }

    private static QuernException refused(String setting, String form, String value) {
        return QuernException.invalid(
                "s3 " + setting + " must be " + form + ", got \"" + Names.abbreviate(value) + "\"");
    }

    /// The bucket and its endpoint, for messages.
    public String place() {
        return "bucket " + bucket + " at " + endpoint.map(URI::toString).orElse("AWS in " + region);
    }

    /// A key with its secret, which no text of this shows.
    ///
    /// @param accessKeyId name of the key
    /// @param secretAccessKey the secret
    /// @param sessionToken what temporary keys come with
    public record Credentials(
            String accessKeyId, String secretAccessKey, Optional<String> sessionToken) {
        /// A key that stays valid.
        public Credentials(String accessKeyId, String secretAccessKey) {
            this(accessKeyId, secretAccessKey, Optional.empty());
        }

        @Override
        public String toString() {
            return "Credentials[accessKeyId=" + accessKeyId + ", secretAccessKey=(hidden)]";
        }
    }
}
