package dev.quern.embed;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Finds the sections and blocks of a text in one pass over its lines. Of Markdown it reads what
/// matters for cutting: headings (`#` and underlined) and code fences; all else is paragraphs ended
/// by blank lines. A heading with nothing below it goes to the section that follows.
final class Outline {
    private static final Pattern HEADING =
            Pattern.compile(" {0,3}(#{1,6})(?:[ \t]+(.*))?", Pattern.DOTALL);
    private static final Pattern CLOSING_MARKS = Pattern.compile("(?:^|[ \t]+)#+[ \t]*$");
    private static final Pattern FENCE = Pattern.compile(" {0,3}(`{3,}|~{3,})([^\n]*)");
    private static final Pattern UNDERLINE = Pattern.compile(" {0,3}(?:={2,}|-{3,})[ \t]*");
    private static final Pattern NO_TITLE =
            Pattern.compile("[ \t]*(?:[-*+>|#]|[0-9]+[.)]).*", Pattern.DOTALL);
    private static final int MAX_TITLE_CHARS = 120;

    /// Longer lines are text, whatever they begin with: it bounds what the patterns cost.
    private static final int MAX_MARK_LINE_CHARS = 1_000;

    private final SourceText source;
    private final List<Section> sections = new ArrayList<>();
    private final List<String> titles = new ArrayList<>();

    private List<Section.Block> blocks = new ArrayList<>();
    private Optional<String> heading = Optional.empty();
    private int sectionStart;
    private int blockStart = -1;
    private boolean hasBody;

    private Outline(SourceText source) {
        this.source = source;
    }

    /// One section of paragraphs.
    static List<Section> ofPlain(SourceText source) {
        Outline outline = new Outline(source);
        for (int i = 0; i < source.lines(); i++) {
            outline.paragraphLine(i);
        }
        outline.endSection(source.length());
        return outline.sections;
    }

    /// A section for each heading.
    static List<Section> ofMarkdown(SourceText source) {
        Outline outline = new Outline(source);
        int i = 0;
        while (i < source.lines()) {
            i = outline.markdownLine(i);
        }
        outline.endSection(source.length());
        return outline.sections;
    }

    /// Reads what starts at a line; returns the line after it.
    private int markdownLine(int index) {
        String line = source.line(index);
        if (line.length() > MAX_MARK_LINE_CHARS) {
            paragraphLine(index);
            return index + 1;
        }
        Matcher fence = FENCE.matcher(line);
        if (fence.matches() && !isInlineCode(fence)) {
            return fence(index, fence.group(1));
        }
        Matcher hashes = HEADING.matcher(line);
        if (hashes.matches()) {
            @Nullable String title = hashes.group(2);
            startSection(index, hashes.group(1).length(), title == null ? "" : title);
            return index + 1;
        }
        if (isUnderlined(index, line)) {
            startSection(index, source.line(index + 1).contains("=") ? 1 : 2, line);
            return index + 2;
        }
        paragraphLine(index);
        return index + 1;
    }

    /// A line such as "```code```" opens nothing.
    private static boolean isInlineCode(Matcher fence) {
        return fence.group(1).startsWith("`") && fence.group(2).contains("`");
    }

    /// A fence runs to its closing line, or to the end of the text.
    private int fence(int index, String marks) {
        endBlock(source.lineStart(index));
        int last = index + 1;
        while (last < source.lines() && !closes(source.line(last), marks)) {
            last++;
        }
        int after = Math.min(last + 1, source.lines());
        blocks.add(new Section.Block(source.lineStart(index), source.lineStart(after), true));
        hasBody = true;
        return after;
    }

    private static boolean closes(String line, String marks) {
        String stripped = line.strip();
        return stripped.length() >= marks.length()
                && stripped.chars().allMatch(c -> c == marks.charAt(0));
    }

    /// An underlined heading is one line, after a blank one, that is nothing else.
    private boolean isUnderlined(int index, String line) {
        return index + 1 < source.lines()
                && !line.isBlank()
                && !NO_TITLE.matcher(line).matches()
                && blockStart < 0
                && UNDERLINE.matcher(source.line(index + 1)).matches();
    }

    private void paragraphLine(int index) {
        boolean blank = source.line(index).isBlank();
        if (blank) {
            endBlock(source.lineStart(index));
        } else {
            hasBody = true;
            if (blockStart < 0) {
                blockStart = source.lineStart(index);
            }
        }
    }

    private void startSection(int index, int level, String title) {
        int start = source.lineStart(index);
        if (hasBody) {
            endSection(start);
            sectionStart = start;
        }
        while (titles.size() >= level) {
            titles.removeLast();
        }
        while (titles.size() < level - 1) {
            titles.add("");
        }
        String plain = CLOSING_MARKS.matcher(title).replaceFirst("").strip();
        titles.add(plain.length() > MAX_TITLE_CHARS ? cut(plain) : plain);
        heading =
                Optional.of(String.join(" > ", titles.stream().filter(t -> !t.isEmpty()).toList()))
                        .filter(path -> !path.isEmpty());
        if (blockStart < 0) {
            blockStart = start;
        }
    }

    private static String cut(String title) {
        int end =
                Character.isHighSurrogate(title.charAt(MAX_TITLE_CHARS - 1))
                        ? MAX_TITLE_CHARS - 1
                        : MAX_TITLE_CHARS;
        return title.substring(0, end);
    }

    private void endBlock(int end) {
        if (blockStart >= 0) {
            blocks.add(new Section.Block(blockStart, end, false));
            blockStart = -1;
        }
    }

    private void endSection(int end) {
        endBlock(end);
        if (!blocks.isEmpty()) {
            sections.add(new Section(heading, sectionStart, end, blocks));
        }
        blocks = new ArrayList<>();
        hasBody = false;
    }
}
