package dev.quern.storage.s3;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.Tier;
import dev.quern.storage.TierContract;
import dev.quern.storage.s3.FakeS3.How;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// S3Tier on a store with faults; without any, it keeps the contract there too.
final class S3FaultTest extends TierContract {
    private static final String OBJECT = "/bucket/p/x";
    private static final byte[] BYTES = "some bytes".repeat(100).getBytes(US_ASCII);
    private static final byte[] ANOTHERS = "another's".getBytes(US_ASCII);
    private static final int BIG = 20 << 20;

    private final FakeS3 store = new FakeS3();
    private S3Tier tier;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        tier = opened(10);
    }

    @AfterEach
    void close() {
        tier.close();
        store.close();
    }

    @Override
    protected Tier tier() {
        return tier;
    }

    @Test
    void triesAgainWhatMayPass() {
        store.fail("PUT " + OBJECT, How.ERROR, How.SLOW_DOWN, How.BREAK);
        assertThat(put("x", BYTES)).isTrue();
        assertThat(requests("PUT " + OBJECT)).isEqualTo(4);

        store.fail("GET " + OBJECT, How.BREAK, How.HALF, How.ERROR);
        assertThat(read("x", 0, 2000)).isEqualTo(BYTES);
        store.fail("HEAD " + OBJECT, How.BREAK, How.ERROR);
        assertThat(tier.size("x")).hasValue(BYTES.length);
        store.fail("GET /bucket?", How.HALF, How.BREAK);
        assertThat(list("", 10)).containsExactly("x");
        store.fail("DELETE " + OBJECT, How.DO_AND_BREAK);
        tier.delete("x");
        assertThat(store.object("p/x")).isNull();
    }

    @Test
    void knowsItsOwnPutWhoseAnswerWasLost() {
        for (How lost : new How[] {How.DO_AND_BREAK, How.DO_AND_ERROR}) {
            store.fail("PUT " + OBJECT, lost);
            assertThat(put("x", BYTES)).isTrue();
            tier.delete("x");
        }
    }

    @Test
    void knowsAnothersPutFromItsOwn() {
        put("x", ANOTHERS);
        store.fail("PUT " + OBJECT, How.BREAK);

        assertThat(put("x", BYTES)).isFalse();
        assertThat(read("x", 0, 20)).isEqualTo(ANOTHERS);
    }

    @Test
    void finishesPartsOverFaults() {
        byte[] bytes = bytes(BIG);
        store.fail("POST " + OBJECT + "?uploads", How.ERROR);
        store.fail("PUT " + OBJECT, How.BREAK, How.ERROR, How.SLOW_DOWN);
        store.fail("POST " + OBJECT + "?uploadId", How.DO_AND_BREAK);

        assertThat(put("x", bytes)).isTrue();
        assertThat(store.object("p/x")).isEqualTo(bytes);
        store.fail("GET " + OBJECT, How.HALF, How.HALF, How.BREAK, How.ERROR);
        assertThat(Arrays.equals(read("x", 0, BIG), bytes)).isTrue();
    }

    @Test
    void abortsAnUploadThatFails() {
        How[] always = new How[200];
        Arrays.fill(always, How.ERROR);
        store.fail("PUT " + OBJECT, always);
        try (S3Tier impatient = opened(1)) {
            assertThatThrownBy(() -> impatient.putIfAbsent("x", segment(BIG)))
                    .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE))
                    .hasMessageContaining("p/x")
                    .hasMessageContaining("bucket at " + store.endpoint());
        }
        assertThat(store.openUploads()).isZero();
        assertThat(store.object("p/x")).isNull();
    }

    @Test
    void losingInPartsLeavesNoUpload() {
        put("x", BYTES);

        assertThat(tier.putIfAbsent("x", segment(BIG))).isFalse();
        assertThat(store.openUploads()).isZero();
        assertThat(store.object("p/x")).isEqualTo(BYTES);
    }

    @Test
    void throttlingIsExhaustedWithTheTimeToWait() {
        How[] always = new How[50];
        Arrays.fill(always, How.SLOW_DOWN_FOR_A_SECOND);
        store.fail("GET " + OBJECT, always);
        try (S3Tier impatient = opened(2)) {
            long before = System.nanoTime();
            assertThatThrownBy(() -> impatient.read("x", 0, MemorySegment.ofArray(new byte[1])))
                    .satisfies(e -> assertKind(e, ErrorKind.EXHAUSTED))
                    .satisfies(e ->
                            assertThat(((QuernException) e).details())
                                    .containsEntry("retry_after_ms", 1000L));
            assertThat(Duration.ofNanos(System.nanoTime() - before))
                    .isBetween(Duration.ofMillis(900), Duration.ofSeconds(8));
        }
        assertThat(requests("GET " + OBJECT)).isBetween(2, 3);
    }

    @Test
    void isUnavailableWhenNothingAnswers() {
        try (S3Tier impatient = opened(1)) {
            store.close();
            assertThatThrownBy(() -> impatient.size("x"))
                    .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE))
                    .hasMessageContaining("bucket at " + store.endpoint());
        }
    }

    @Test
    void refusesAStoreThatIgnoresPutIfAbsent() {
        store.heed(false, false);

        assertThatThrownBy(
                        () -> {
                            try (S3Tier careless = opened(10)) {
                                careless.delete("x");
                            }
                        })
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("bucket bucket at " + store.endpoint())
                .hasMessageContaining("ignores put-if-absent");
        assertThat(list("", 10)).isEmpty();
    }

    @Test
    void putsInOnePieceWhereOnlyPartsIgnoreIt() {
        store.heed(true, false);
        try (S3Tier careful = opened(10)) {
            assertThat(careful.putIfAbsent("x", segment(BIG))).isTrue();
            assertThat(careful.putIfAbsent("x", segment(BIG + 1))).isFalse();
        }
        assertThat(requests("POST " + OBJECT)).isZero();
        assertThat(store.object("p/x")).hasSize(BIG);
    }

    @MustBeClosed
    private S3Tier opened(int deadlineSeconds) {
        S3Config config = S3ProxyServer.config(store.endpoint(), "bucket", "p/");
        return S3Tier.open(
                new S3Config(
                        config.endpoint(),
                        config.region(),
                        config.bucket(),
                        config.prefix(),
                        config.credentials(),
                        true,
                        Duration.ofSeconds(deadlineSeconds)),
                new Random(4));
    }

    private int requests(String start) {
        return (int) store.requests().stream().filter(r -> r.startsWith(start)).count();
    }

    private static MemorySegment segment(int length) {
        return MemorySegment.ofArray(bytes(length));
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
