package dev.quern.embed;

import java.util.Arrays;

/// A text with its lines, each ended by `\n`: `\r\n` and `\r` become that, so that lines are
/// counted as editors count them. A byte order mark at the beginning is left out.
final class SourceText {
    private final String text;
    private final int[] lineStarts;

    SourceText(String raw) {
        String marked = raw.startsWith("\uFEFF") ? raw.substring(1) : raw;
        this.text =
                marked.indexOf('\r') < 0
                        ? marked
                        : marked.replace("\r\n", "\n").replace('\r', '\n');
        int[] starts = new int[16];
        int count = 1;
        for (int at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
            starts = count == starts.length ? Arrays.copyOf(starts, count * 2) : starts;
            starts[count++] = at + 1;
        }
        this.lineStarts = Arrays.copyOf(starts, count);
    }

    String text() {
        return text;
    }

    int length() {
        return text.length();
    }

    /// Lines, the empty one after a final line end included.
    int lines() {
        return lineStarts.length;
    }

    /// Where a line starts; its index counts from 0; the end of the text for the index after the
    /// last.
    int lineStart(int index) {
        return index < lineStarts.length ? lineStarts[index] : text.length();
    }

    /// A line without its end.
    String line(int index) {
        int end = lineStart(index + 1);
        boolean ended = end > lineStart(index) && text.charAt(end - 1) == '\n';
        return text.substring(lineStart(index), ended ? end - 1 : end);
    }

    /// The number, from 1, of the line that an offset lies in.
    int lineNumberAt(int offset) {
        int found = Arrays.binarySearch(lineStarts, offset);
        return found >= 0 ? found + 1 : -found - 1;
    }
}
