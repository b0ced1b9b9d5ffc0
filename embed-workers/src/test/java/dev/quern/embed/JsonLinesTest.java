package dev.quern.embed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class JsonLinesTest {
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
    void takesTextTitleAndId() throws IOException {
        Read read =
                read(
                        """
                        {"_id": "d1", "title": "On mills", "text": "They grind.", "author": "x"}

                        {"_id": 7, "text": "A number is an id."}
                        {"text": "No id.", "title": ""}
                        {"_id": "", "text": "Empty id.", "title": 3}
                        """);
        assertThat(read.skipped).isEmpty();
        assertThat(read.passages.keySet()).containsExactly("d1", "7", "4", "5");
        Passage first = read.passage("d1");
        assertThat(first.text()).isEqualTo("On mills\nThey grind.");
        assertThat(first.heading()).contains("On mills");
        assertThat(first.line()).isEqualTo(1);
        assertThat(read.passage("4").line()).isEqualTo(4);
        assertThat(read.passage("4").heading()).isEqualTo(Optional.empty());
    }

    @Test
    void reportsLinesThatAreNothingAndReadsTheOthers() throws IOException {
        Read read =
                read(
                        """
                        {"text": "good"}
                        not json
                        {"text": "unfinished"
                        {"text": "two"} {"text": "objects"}
                        ["text"]
                        {"title": "no text"}
                        {"text": 5}
                        {"_id": "empty", "text": " "}
                        {"_id": "same", "text": "first"}
                        {"_id": "same", "text": "second"}
                        {"text": "last"}\
                        """);
        assertThat(read.passages.keySet()).containsExactly("1", "same", "11");
        assertThat(read.skipped.keySet()).containsExactly(2, 3, 4, 5, 6, 7, 8, 10);
        assertThat(read.skipped.get(6)).contains("no \"text\"");
        assertThat(read.skipped.get(8)).contains("empty");
        assertThat(read.skipped.get(10)).contains("same");
    }

    @Test
    void longTextGivesFurtherPassages() throws IOException {
        Read read =
                read("{\"_id\":\"a\",\"title\":\"T\",\"text\":\"" + "grain. ".repeat(300) + "\"}");
        assertThat(read.passages.keySet()).startsWith("a", "a#2", "a#3");
        assertThat(read.passages.values()).allSatisfy(p -> assertThat(p.text()).startsWith("T\n"));
    }

    @Test
    void longTitleIsCutLikeText() throws IOException {
        Read read = read("{\"title\":\"" + "word ".repeat(400) + "\",\"text\":\"end\"}");
        assertThat(read.passages).hasSizeGreaterThan(1);
        assertThat(read.passages.values().stream().toList().getLast().text()).endsWith("end");
    }

    @Test
    void badBytesAndEndlessLinesAreReported() throws IOException {
        byte[] bytes =
                "{\"text\":\"a\"}\n{\"text\":\"\u00e9\"}\n".getBytes(StandardCharsets.ISO_8859_1);
        Read latin = read(bytes);
        assertThat(latin.passages.keySet()).containsExactly("1");
        assertThat(latin.skipped.get(2)).contains("UTF-8");
        Read endless = read("{\"text\":\"" + "x".repeat(2 << 20) + "\"}\n{\"text\":\"b\"}");
        assertThat(endless.skipped.get(1)).contains("longer");
        assertThat(endless.passages.keySet()).containsExactly("2");
        assertThat(read(new byte[] {0, 1, 2, '\n', 0}).skipped.keySet()).containsExactly(1, 2);
    }

    @Test
    void markLineEndsAndHalfSurrogatesDoNoHarm() throws IOException {
        Read read = read("\uFEFF{\"text\":\"a\"}\r\n{\"text\":\"b \\ud83d c\"}\r\n");
        assertThat(read.passages.keySet()).containsExactly("1", "2");
        assertThat(read.passage("2").text()).isEqualTo("b ? c");
    }

    private Read read(String text) throws IOException {
        return read(text.getBytes(StandardCharsets.UTF_8));
    }

    private Read read(byte[] bytes) throws IOException {
        Read read = new Read();
        new JsonLines(new TextSplitter(tokenizer, 256, 1_000), read)
                .read(new ByteArrayInputStream(bytes));
        List<String> keys = new ArrayList<>(read.passages.keySet());
        assertThat(keys).doesNotHaveDuplicates();
        return read;
    }

    private static final class Read implements PassageSink {
        private final Map<String, Passage> passages = new LinkedHashMap<>();
        private final Map<Integer, String> skipped = new LinkedHashMap<>();

        private Passage passage(String key) {
            return Objects.requireNonNull(passages.get(key), key);
        }

        @Override
        public void passage(String key, Passage passage) {
            assertThat(passages.put(key, passage)).isNull();
        }

        @Override
        public void skippedFrom(int line, String reason) {
            skipped.put(line, reason);
        }
    }
}
