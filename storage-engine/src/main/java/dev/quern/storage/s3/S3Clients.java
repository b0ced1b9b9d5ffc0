package dev.quern.storage.s3;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.storage.s3.S3Config.Credentials;
import java.time.Duration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/// Makes the SDK's client: no retries of its own ([S3Calls] has them), and none of the chunked
/// bodies with checksums in trailers that many stores do not know: puts carry an MD5, and what is
/// read is checked by those who know its SHA-256.
final class S3Clients {
    private static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(5);

    private S3Clients() {}

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the client closes its HTTP client
    static S3Client create(S3Config config, Duration socketTimeout) {
        S3ClientBuilder builder =
                S3Client.builder()
                        .region(Region.of(config.region()))
                        .credentialsProvider(credentials(config))
                        .serviceConfiguration(
                                s3 -> s3.expectContinueEnabled(false).chunkedEncodingEnabled(false))
                        .forcePathStyle(config.pathStyle())
                        .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                        .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                        .overrideConfiguration(
                                override -> override.retryStrategy(retry -> retry.maxAttempts(1)))
                        .httpClientBuilder(
                                UrlConnectionHttpClient.builder()
                                        .connectionTimeout(CONNECTION_TIMEOUT)
                                        .socketTimeout(socketTimeout));
        config.endpoint().ifPresent(builder::endpointOverride);
        return builder.build();
    }

    private static AwsCredentialsProvider credentials(S3Config config) {
        return config.credentials()
                .<AwsCredentialsProvider>map(given -> StaticCredentialsProvider.create(of(given)))
                .orElseGet(() -> DefaultCredentialsProvider.builder().build());
    }

    private static AwsCredentials of(Credentials given) {
        String id = given.accessKeyId();
        String secret = given.secretAccessKey();
        return given.sessionToken()
                .<AwsCredentials>map(token -> AwsSessionCredentials.create(id, secret, token))
                .orElseGet(() -> AwsBasicCredentials.create(id, secret));
    }
}
