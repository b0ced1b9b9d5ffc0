package dev.quern.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class TextSplitterTest {
    private static final int WINDOW = 256;

    private Tokenizer tokenizer;
    private TextSplitter splitter;

    @BeforeAll
    @SuppressWarnings("MustBeClosedChecker") // closed after the last test
    void open() {
        tokenizer = Tokenizer.open(TestModels.DIRECTORY.resolve("all-minilm-l6-v2/tokenizer.json"));
        splitter = new TextSplitter(tokenizer, WINDOW, TextSplitter.MAX_PASSAGES);
    }

    @AfterAll
    void close() {
        tokenizer.close();
    }

    @Test
    void nothingToCut() {
        for (String blank : List.of("", "\n", "  \r\n\t\n", "\uFEFF\n")) {
            for (TextKind kind : TextKind.values()) {
                assertThat(splitter.split(kind, blank).passages()).isEmpty();
            }
        }
    }

    @Test
    void markdownBySections() {
        String text =
                """
                preamble

                # Quern

                ## Build
                Run the build.

                It takes a minute.

                ### On a Mac ###
                Install a JDK.
                ## Use
                Start it.

                Other
                =====
                The end.
                """;
        List<Passage> passages = markdown(text);
        assertThat(passages)
                .extracting(Passage::line, Passage::heading)
                .containsExactly(
                        tuple(1, Optional.empty()),
                        tuple(3, Optional.of("Quern > Build")),
                        tuple(10, Optional.of("Quern > Build > On a Mac")),
                        tuple(12, Optional.of("Quern > Use")),
                        tuple(15, Optional.of("Other")));
        assertThat(passages.get(1).text())
                .isEqualTo("# Quern\n\n## Build\nRun the build.\n\nIt takes a minute.");
        assertThat(passages.get(1).embedded()).startsWith("Quern > Build\n# Quern");
        assertThat(passages.get(4).text()).isEqualTo("Other\n=====\nThe end.");
    }

    @Test
    void hashesInFencesAreNoHeadings() {
        String text = "# A\n```sh\n# a comment\n## another\n```\n~~~\n# x\n```\n# y\n~~~\n# B\nb\n";
        assertThat(markdown(text))
                .extracting(p -> p.heading().orElseThrow())
                .containsExactly("A", "B");
        assertThat(markdown("```\n# never closed\n\n# end")).hasSize(1);
    }

    @Test
    void headingWithNothingBelowIsNotLost() {
        assertThat(markdown("# A\n\nbody\n\n# Last"))
                .extracting(Passage::text)
                .containsExactly("# A\n\nbody", "# Last");
    }

    @Test
    void lineEndsOfAllKinds() {
        List<Passage> unix = markdown("# A\nx\n\n# B\ny\n");
        assertThat(markdown("# A\r\nx\r\n\r\n# B\r\ny\r\n")).isEqualTo(unix);
        assertThat(markdown("\uFEFF# A\rx\r\r# B\ry\r")).isEqualTo(unix);
    }

    @Test
    void paragraphsArePackedAndNotBroken() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            text.append("Paragraph number ").append(i).append(" tells of grain. ".repeat(10));
            text.append("\n\n");
        }
        List<Passage> passages = splitter.split(TextKind.PLAIN, text.toString()).passages();
        assertThat(passages).hasSizeBetween(8, 20);
        for (Passage passage : passages) {
            assertThat(passage.text()).startsWith("Paragraph").endsWith("grain.");
            assertThat(passage.line() % 2).isEqualTo(1);
        }
        assertWindows(passages);
        assertCovered(text.toString(), passages);
    }

    @Test
    void longParagraphGivesOverlappingWindows() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 600; i++) {
            text.append("Word").append(i).append(i % 12 == 11 ? ". " : " ");
        }
        List<Passage> passages = splitter.split(TextKind.PLAIN, text.toString()).passages();
        assertThat(passages).hasSizeGreaterThan(4);
        for (int i = 1; i < passages.size(); i++) {
            String before = passages.get(i - 1).text();
            String start = passages.get(i).text().substring(0, 20);
            int at = before.lastIndexOf(start);
            assertThat(at).as("passage %d starts in the one before", i).isPositive();
            int shared = tokenizer.count(before.substring(at));
            assertThat(shared).isBetween(10, 60);
        }
        assertWindows(passages);
        assertCovered(text.toString(), passages);
    }

    @Test
    void fenceThatFitsIsKeptWhole() {
        String fence = "```java\n" + "int grain = mill.grind(stone);\n\n".repeat(15) + "```";
        String text =
                "# Code\n\n" + "Some words before it. ".repeat(30) + "\n\n" + fence + "\n\nafter\n";
        assertThat(tokenizer.count(fence)).isBetween(150, 240);
        List<Passage> passages = markdown(text);
        assertThat(passages.stream().filter(p -> p.text().contains(fence))).hasSize(1);
        assertCovered(text, passages);
    }

    @Test
    void fenceThatDoesNotFitIsCutByLines() {
        StringBuilder text = new StringBuilder("# Code\n```\n");
        for (int i = 0; i < 200; i++) {
            text.append("    call(").append(i).append(", argument);\n");
        }
        List<Passage> passages = markdown(text.append("```\n").toString());
        assertThat(passages).hasSizeGreaterThan(5);
        for (Passage passage : passages.subList(1, passages.size())) {
            assertThat(passage.text()).startsWith("    call(");
        }
        assertWindows(passages);
        assertCovered(text.toString(), passages);
    }

    @Test
    void longHeadingsLeaveRoomForText() {
        String title = "a very long heading of many words ".repeat(5);
        String text =
                "# " + title + "\n## " + title + "\n### " + title + "\n" + "x y z. ".repeat(400);
        List<Passage> passages = markdown(text);
        assertWindows(passages);
        assertCovered(text, passages);
    }

    @Test
    void titledTextCarriesItsTitle() {
        List<Passage> passages =
                splitter.splitTitled(7, Optional.of("On mills"), "They grind. ".repeat(200))
                        .passages();
        assertThat(passages).hasSizeGreaterThan(1);
        for (Passage passage : passages) {
            assertThat(passage.line()).isEqualTo(7);
            assertThat(passage.text()).startsWith("On mills\nThey grind.");
        }
        assertWindows(passages);
        assertThat(splitter.splitTitled(1, Optional.of("t"), " \n").passages()).isEmpty();
    }

    @Test
    void boundOnPassagesIsKeptAndTold() {
        TextSplitter bounded = new TextSplitter(tokenizer, WINDOW, 3);
        TextSplitter.Split split = bounded.split(TextKind.PLAIN, "many words here. ".repeat(1_000));
        assertThat(split.passages()).hasSize(3);
        assertThat(split.truncated()).isTrue();
        assertThat(bounded.split(TextKind.PLAIN, "few").truncated()).isFalse();
    }

    @Test
    void pathologicalTextsEnd() {
        for (String unit :
                List.of(
                        "x", " ", "#", "`", "😀", "\uD800", "你", "- ", "\t\n", "a\u00a0", "#\n",
                        "```\n", "=\n", ".")) {
            String text = "a " + unit.repeat(30_000 / unit.length()) + " b";
            for (TextKind kind : List.of(TextKind.MARKDOWN, TextKind.PLAIN)) {
                List<Passage> passages = splitter.split(kind, text).passages();
                assertWindows(passages);
                assertCovered(text, passages);
            }
        }
    }

    @Test
    void randomTextsAreCoveredWithRightLines() {
        long seed = Long.getLong("quern.test.seed", 20_261);
        Random random = new Random(seed);
        String[] pieces = {
            "word",
            "Longer-words, mixed. ",
            " ",
            " ",
            " ",
            "\n",
            "\n",
            "\n\n",
            "\r\n",
            "\r",
            "# Head\n",
            "### Sub head ###\n",
            "```\n",
            "~~~ py\n",
            "    indented",
            "Title\n====\n",
            "- item\n",
            "x".repeat(120),
            "grain mill stone river. ".repeat(30),
            "😀",
            "é",
            "\t",
            "你好。",
            "\u2028",
            "\0"
        };
        for (int round = 0; round < 150; round++) {
            StringBuilder text = new StringBuilder();
            int length = random.nextInt(250);
            for (int i = 0; i < length; i++) {
                text.append(pieces[random.nextInt(pieces.length)]);
            }
            for (TextKind kind : List.of(TextKind.MARKDOWN, TextKind.PLAIN)) {
                try {
                    List<Passage> passages = splitter.split(kind, text.toString()).passages();
                    assertWindows(passages);
                    assertCovered(text.toString(), passages);
                } catch (AssertionError | RuntimeException e) {
                    throw new AssertionError(
                            "round " + round + "; rerun: ./quern test unit --seed " + seed, e);
                }
            }
        }
    }

    private List<Passage> markdown(String text) {
        return splitter.split(TextKind.MARKDOWN, text).passages();
    }

    private void assertWindows(List<Passage> passages) {
        for (Passage passage : passages) {
            assertThat(passage.text()).isNotBlank();
            assertThat(tokenizer.encode(passage.embedded(), 1 << 20).ids().length)
                    .as(passage.embedded())
                    .isLessThanOrEqualTo(WINDOW);
        }
    }

    /// Finds each passage at the line that it names, in order and without a gap. In texts that
    /// repeat themselves a passage may be found at several places: the last that leaves no gap is
    /// taken.
    private static void assertCovered(String raw, List<Passage> passages) {
        SourceText source = new SourceText(raw);
        String text = source.text();
        int covered = nextInk(text, 0);
        for (Passage passage : passages) {
            int at = text.lastIndexOf(passage.text(), covered);
            assertThat(at)
                    .as("passage of line %d: %s", passage.line(), passage.text())
                    .isNotNegative();
            int ink = nextInk(text, at);
            while (source.lineNumberAt(ink) > passage.line() && at > 0) {
                at = text.lastIndexOf(passage.text(), at - 1);
                ink = nextInk(text, Math.max(at, 0));
            }
            assertThat(source.lineNumberAt(ink)).isEqualTo(passage.line());
            covered = nextInk(text, Math.max(covered, at + passage.text().length()));
        }
        assertThat(covered)
                .as("line %d is in no passage", source.lineNumberAt(covered))
                .isEqualTo(text.length());
    }

    private static int nextInk(String text, int from) {
        int i = from;
        while (i < text.length() && Character.isWhitespace(text.charAt(i))) {
            i++;
        }
        return i;
    }
}
