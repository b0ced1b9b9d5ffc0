package dev.quern.storage.s3;

import dev.quern.storage.Tier;
import dev.quern.storage.TierContract;
import java.net.URI;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/// On any bucket, given by `QUERN_TEST_S3_BUCKET` and, as needed, `QUERN_TEST_S3_ENDPOINT`,
/// `QUERN_TEST_S3_REGION` (else `us-east-1`) and `QUERN_TEST_S3_PATH_STYLE` (`true` by default
/// where there is an endpoint); credentials from where the AWS SDK looks, as in
/// `AWS_ACCESS_KEY_ID`. Works below `quern-test-<random>/` and clears it after each test.
@EnabledIfEnvironmentVariable(named = "QUERN_TEST_S3_BUCKET", matches = ".+")
final class S3BucketTest extends TierContract {
    private S3Tier tier;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        Random random = new Random();
        Optional<URI> endpoint =
                Optional.of(variable("ENDPOINT", "")).filter(at -> !at.isEmpty()).map(URI::create);
        byte[] id = new byte[8];
        random.nextBytes(id);
        S3Config config =
                new S3Config(
                        endpoint,
                        variable("REGION", "us-east-1"),
                        variable("BUCKET", ""),
                        "quern-test-" + HexFormat.of().formatHex(id) + "/",
                        Optional.empty(),
                        Boolean.parseBoolean(
                                variable("PATH_STYLE", String.valueOf(endpoint.isPresent()))),
                        S3Config.DEFAULT_DEADLINE);
        tier = S3Tier.open(config, random);
    }

    private static String variable(String name, String otherwise) {
        String value = System.getenv("QUERN_TEST_S3_" + name);
        return value == null ? otherwise : value;
    }

    @AfterEach
    void clear() {
        list("", 100).forEach(tier::delete);
        tier.close();
    }

    @Override
    protected Tier tier() {
        return tier;
    }
}
