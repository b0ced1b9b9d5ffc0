package dev.quern.embed;

import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Cuts texts into passages that a model can embed whole: Markdown by its headings, other text by
/// paragraphs, what is longer than the model's window into overlapping windows. Every character
/// that is not white space lies in a passage, unless there are more passages than the bound.
///
/// Thread-safe; tokenizes on the calling thread.
public final class TextSplitter {
    /// Passages of one text at most; what follows is left out.
    public static final int MAX_PASSAGES = 100_000;

    /// What two windows of one paragraph share, as a part of a window: 15 %.
    static final double OVERLAP = 0.15;

    private static final int MIN_TOKENS = 16;

    private final TokenCounter tokens;
    private final int window;
    private final int maxPassages;

    /// A splitter for one model.
    ///
    /// @param maxTokens the model's limit, begin and end tokens included
    /// @throws QuernException `INVALID` if the limit is under 16 tokens of text
    TextSplitter(TokenCounter tokens, int maxTokens, int maxPassages) {
        this.tokens = tokens;
        this.window = maxTokens - tokens.specials();
        this.maxPassages = maxPassages;
        if (window < MIN_TOKENS) {
            throw QuernException.invalid(
                    "passages need a window of " + MIN_TOKENS + " tokens or more, got " + window);
        }
    }

    /// The passages of a text, in order.
    ///
    /// @param kind `MARKDOWN` or `PLAIN`; lines of JSON are cut as `PLAIN` would be
    public Split split(TextKind kind, String text) {
        SourceText source = new SourceText(text);
        List<Section> sections =
                kind == TextKind.MARKDOWN ? Outline.ofMarkdown(source) : Outline.ofPlain(source);
        List<Passage> passages = new ArrayList<>();
        for (Section section : sections) {
            Optional<String> heading = section.heading().flatMap(this::shortened);
            int room = window - heading.map(tokens::count).orElse(0);
            PassageCutter cutter = new PassageCutter(source, section, tokens, room);
            while (cutter.next()) {
                if (passages.size() == maxPassages) {
                    return new Split(passages, true);
                }
                String body = cutter.text();
                passages.add(
                        new Passage(
                                cutter.lineNumber(),
                                section.heading(),
                                body,
                                heading.map(path -> path + "\n" + body).orElse(body)));
            }
        }
        return new Split(passages, false);
    }

    /// The passages of a titled text: each carries the title, unless that is so long that it has to
    /// be cut as a part of the text.
    ///
    /// @param line the line that the text stands in, for all passages
    Split splitTitled(int line, Optional<String> title, String text) {
        Optional<String> carried = title.filter(t -> tokens.count(t) <= window / 4);
        boolean joined = title.isPresent() && carried.isEmpty();
        SourceText source = new SourceText(joined ? title.get() + "\n" + text : text);
        int room = window - carried.map(tokens::count).orElse(0);
        List<Passage> passages = new ArrayList<>();
        for (Section section : Outline.ofPlain(source)) {
            PassageCutter cutter = new PassageCutter(source, section, tokens, room);
            while (cutter.next()) {
                if (passages.size() == maxPassages) {
                    return new Split(passages, true);
                }
                String body = cutter.text();
                String whole = carried.map(t -> t + "\n" + body).orElse(body);
                passages.add(new Passage(line, carried, whole, whole));
            }
        }
        return new Split(passages, false);
    }

    /// Headings may take a quarter of the window; of longer ones the outermost are left out.
    private Optional<String> shortened(String path) {
        String rest = path;
        while (tokens.count(rest) > window / 4) {
            int next = rest.indexOf(" > ");
            if (next < 0) {
                return Optional.empty();
            }
            rest = rest.substring(next + 3);
        }
        return Optional.of(rest);
    }

    /// What a text was cut into.
    ///
    /// @param passages in order
    /// @param truncated whether there were more than the bound
    public record Split(List<Passage> passages, boolean truncated) {
        /// Copies the list.
        public Split {
            passages = List.copyOf(passages);
        }
    }
}
