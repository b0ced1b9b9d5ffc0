package dev.quern.storage.s3;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import software.amazon.awssdk.services.s3.S3Client;

/// An S3 server in this process, with its objects in a directory, on a free port of the loopback.
public final class S3ProxyServer implements AutoCloseable {
    /// The access key that it takes.
    public static final String KEY = "local-identity";

    /// The secret of that.
    public static final String SECRET = "local-credential";

    private final S3Proxy proxy;

    /// Starts a server.
    public S3ProxyServer(Path directory) {
        proxy =
                S3Proxy.builder()
                        .blobStore(new FilesystemNio2BlobStore(directory.toString()))
                        .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, KEY, SECRET)
                        .endpoint(URI.create("http://127.0.0.1:0"))
                        .build();
        try {
            proxy.start();
        } catch (Exception e) {
            throw new AssertionError("cannot start s3proxy", e);
        }
    }

    /// A bucket of it, made when absent.
    public S3Config bucket(String bucket, String prefix) {
        S3Config config = config(endpoint(), bucket, prefix);
        try (S3Client client = S3Clients.create(config, S3Config.DEFAULT_DEADLINE)) {
            if (client.listBuckets().buckets().stream().noneMatch(b -> b.name().equals(bucket))) {
                client.createBucket(create -> create.bucket(bucket));
            }
        }
        return config;
    }

    /// A bucket at an address, with the key of this server.
    static S3Config config(URI endpoint, String bucket, String prefix) {
        return new S3Config(
                Optional.of(endpoint),
                "us-east-1",
                bucket,
                prefix,
                Optional.of(new S3Config.Credentials(KEY, SECRET)),
                true,
                Duration.ofSeconds(10));
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + proxy.getPort());
    }

    @Override
    public void close() {
        try {
            proxy.stop();
        } catch (Exception e) {
            throw new AssertionError("cannot stop s3proxy", e);
        }
    }
}
