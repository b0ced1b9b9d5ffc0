package dev.quern.embed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class TokenizerTest {
    private static final int NO_LIMIT = 1 << 20;

    private Tokenizer tokenizer;

    @BeforeAll
    @SuppressWarnings("MustBeClosedChecker") // closed after the last test
    void open() {
        tokenizer = Tokenizer.open(TestModels.DIRECTORY.resolve("all-minilm-l6-v2/tokenizer.json"));
    }

    @AfterAll
    void close() {
        tokenizer.close();
    }

    @Test
    void ignoresTheFilesOwnTruncationAndPadding() {
        assertThat(tokenizer.encode("hello", NO_LIMIT).ids()).containsExactly(101, 7592, 102);
        assertThat(tokenizer.encode("hello ".repeat(5_000), NO_LIMIT).ids()).hasSize(5_002);
        assertThat(tokenizer.vocabularySize()).isEqualTo(30_522);
        assertThat(tokenizer.specials()).isEqualTo(2);
    }

    @Test
    void offsetsCountJavaCharacters() {
        String text = "a \uD83D\uDE00 bread, \uD83D\uDE00\uD83D\uDE00 caf\u00e9";
        TokenCounter.TokenSpans spans = tokenizer.spans(text);
        assertThat(text.substring(spans.starts()[1], spans.ends()[1])).isEqualTo("\uD83D\uDE00");
        assertThat(text.substring(spans.starts()[2], spans.ends()[2])).isEqualTo("bread");
        int last = spans.count() - 1;
        assertThat(text.substring(spans.starts()[last], spans.ends()[last])).isEqualTo("café");
    }

    @Test
    void halfASurrogatePairShiftsNothing() {
        String text = "x \uD83D y \uDE00 z";
        TokenCounter.TokenSpans spans = tokenizer.spans(text);
        int last = spans.count() - 1;
        assertThat(text.substring(spans.starts()[last], spans.ends()[last])).isEqualTo("z");
    }

    /// Looking only at a beginning must give what looking at the whole gives.
    @Test
    void cutsWithoutReadingTheWhole() {
        Random random = new Random(17);
        String alphabet = "ab \n,你é.";
        for (int round = 0; round < 300; round++) {
            StringBuilder text = new StringBuilder();
            int length = random.nextInt(3_000);
            int kinds = 1 + random.nextInt(alphabet.length());
            while (text.length() < length) {
                text.append(alphabet.charAt(random.nextInt(kinds)));
            }
            int max = 3 + random.nextInt(60);
            int[] whole = tokenizer.encode(text.toString(), NO_LIMIT).ids();
            Tokenizer.Ids cut = tokenizer.encode(text.toString(), max);
            assertThat(cut.truncated()).isEqualTo(whole.length > max);
            int kept = Math.min(whole.length, max) - 1;
            assertThat(Arrays.copyOf(cut.ids(), kept)).isEqualTo(Arrays.copyOf(whole, kept));
            assertThat(cut.ids()[kept]).isEqualTo(102);
        }
    }

    @Test
    void hugeWordAndHugeBlankAreNotTokenizedForLong() {
        assertThat(tokenizer.encode("x".repeat(2_000_000), 256).ids()).hasSize(3);
        assertThat(tokenizer.encode(" ".repeat(2_000_000), 256).ids()).hasSize(2);
        assertThat(tokenizer.encode("你".repeat(20_000_000), 256).truncated()).isTrue();
    }
}
