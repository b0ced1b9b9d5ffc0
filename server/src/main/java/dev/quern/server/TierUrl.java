package dev.quern.server;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.storage.LocalTier;
import dev.quern.storage.Tier;
import dev.quern.storage.s3.S3Config;
import dev.quern.storage.s3.S3Tier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Where a tier is: `file:///directory` on this machine, or `s3://bucket/prefix`.
sealed interface TierUrl {
    /// A directory, by its absolute path.
    record Directory(Path path) implements TierUrl {
        @Override
        public String toString() {
            return "file://" + path;
        }
    }

    /// A bucket.
    ///
    /// @param prefix of all keys: empty, or ends with `/`
    record Bucket(String name, String prefix) implements TierUrl {
        @Override
        public String toString() {
            return "s3://" + name + "/" + prefix;
        }
    }

    /// How to reach buckets. Credentials come from where the AWS SDK looks: the environment
    /// (`AWS_ACCESS_KEY_ID` and so on), system properties, profile, the machine's role.
    ///
    /// @param endpoint empty for AWS itself
    record Access(Optional<URI> endpoint, String region, boolean pathStyle) {}

    /// Reads an address.
    ///
    /// @throws QuernException `INVALID` for any other
    static TierUrl parse(String text) {
        try {
            URI uri = new URI(text.strip());
            boolean plain =
                    uri.getRawQuery() == null
                            && uri.getRawFragment() == null
                            && uri.getRawUserInfo() == null
                            && uri.getPort() == -1;
            String path = uri.getPath() == null ? "" : uri.getPath();
            String host = uri.getAuthority() == null ? "" : uri.getAuthority();
            if (plain && "file".equals(uri.getScheme()) && host.isEmpty() && path.startsWith("/")) {
                return new Directory(Path.of(path).normalize());
            }
            if (plain && "s3".equals(uri.getScheme()) && !host.isEmpty()) {
                String prefix = path.replaceAll("^/+|/+$", "");
                return new Bucket(host, prefix.isEmpty() ? "" : prefix + "/");
            }
        } catch (URISyntaxException | InvalidPathException e) {
            throw refused(text);
        }
        throw refused(text);
    }

    private static QuernException refused(String text) {
        return QuernException.invalid(
                "address must be file:///DIRECTORY or s3://BUCKET/PREFIX, got \""
                        + Names.abbreviate(text)
                        + "\"");
    }

    /// Opens what is there; a directory is made when absent.
    ///
    /// @throws QuernException what [LocalTier] and [S3Tier] throw
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    default Tier open(Access access, RandomGenerator random, InstantSource clock) {
        return switch (this) {
            case Directory directory -> LocalTier.open(directory.path, random, clock);
            case Bucket bucket ->
                    S3Tier.open(
                            new S3Config(
                                    access.endpoint,
                                    access.region,
                                    bucket.name,
                                    bucket.prefix,
                                    Optional.empty(),
                                    access.pathStyle,
                                    S3Config.DEFAULT_DEADLINE),
                            random);
        };
    }

    /// Opens what is there already, to read it.
    ///
    /// @throws QuernException as [#open], and `NOT_FOUND` if there is no such directory
    @MustBeClosed
    default Tier openExisting(Access access, RandomGenerator random, InstantSource clock) {
        if (this instanceof Directory directory && !Files.isDirectory(directory.path)) {
            throw QuernException.notFound("directory " + directory.path + " is not there");
        }
        return open(access, random, clock);
    }
}
