package dev.quern.embed;

/// Cuts one section into passages of a bounded number of tokens, one after the other.
///
/// A passage ends, in this order of preference: at the section's end; before a block that does not
/// fit any more; within a block after a line or a sentence; at white space; anywhere. A passage
/// that ends within a block shares its last 15 % with the next one. Each passage ends after the one
/// before, so that there are at most as many as characters. Not thread-safe.
final class PassageCutter {
    /// A passage has at most this many characters for each token of its room: the bound for text of
    /// which the tokenizer makes few tokens, such as white space or endless words.
    private static final int MAX_CHARS_PER_TOKEN = 16;

    /// Characters tokenized first for each token of the room.
    private static final int CHARS_PER_TOKEN = 6;

    private static final int MAX_INDENT = 64;

    private final SourceText source;
    private final String text;
    private final Section section;
    private final TokenCounter tokens;
    private final int room;
    private final int maxChars;

    /// Where the next passage starts, and how far the passages so far reach.
    private int position;

    private int covered;
    private int block;

    private int passageStart;
    private int passageEnd;

    /// @param room tokens that a passage may have, 1 or more
    PassageCutter(SourceText source, Section section, TokenCounter tokens, int room) {
        this.source = source;
        this.text = source.text();
        this.section = section;
        this.tokens = tokens;
        this.room = room;
        this.maxChars = room * MAX_CHARS_PER_TOKEN;
        this.position = section.start();
        this.covered = section.start();
    }

    /// Goes to the next passage, if there is one.
    boolean next() {
        position = skipBlank(position);
        covered = Math.max(covered, position);
        if (covered >= section.end()) {
            return false;
        }
        if (!cut() || passageEnd <= covered) {
            // The overlap left no room for anything new: go on without it.
            position = skipBlank(covered);
            covered = position;
            cut();
        }
        covered = passageEnd;
        return true;
    }

    /// The passage, without white space around it but for the indentation of its first line.
    String text() {
        return text.substring(passageStart, passageEnd).stripTrailing();
    }

    /// The number, from 1, of the passage's first line.
    int lineNumber() {
        return source.lineNumberAt(passageStart);
    }

    /// Sets the passage from `position`, and where the one after it starts.
    ///
    /// @return whether it reaches past what was covered
    private boolean cut() {
        passageStart = position;
        int reach = characterStart(Math.min(section.end(), position + maxChars));
        Probe probe = probe(reach);
        if (probe.fits() && probe.end() == section.end()) {
            passageEnd = section.end();
            position = section.end();
            return true;
        }
        int full = probe.fits() ? probe.end() : position + probe.spans().starts()[room];
        int limit = Math.max(full, characterEnd(position + 1));
        int boundary = blockBoundary(limit, probe);
        if (boundary > covered) {
            passageEnd = boundary;
            position = boundary;
            return true;
        }
        passageEnd = cutWithinBlock(limit);
        position = overlapStart(probe);
        return passageEnd > covered;
    }

    /// Tokenizes from `position` on, no further than `reach` and not much more than there is room
    /// for.
    private Probe probe(int reach) {
        for (int chars = room * CHARS_PER_TOKEN; ; chars *= 2) {
            int end = position + chars >= reach ? reach : characterStart(position + chars);
            TokenCounter.TokenSpans spans = tokens.spans(text.substring(position, end));
            if (spans.count() > room || end == reach) {
                return new Probe(spans, end, spans.count() <= room);
            }
        }
    }

    /// The start of the last block that begins at or before `limit` and is worth cutting at: what
    /// comes before it fills a quarter of the room, or it is a code fence that fits as a whole.
    private int blockBoundary(int limit, Probe probe) {
        while (block < section.blocks().size() && section.blocks().get(block).start() <= covered) {
            block++;
        }
        int best = -1;
        for (int b = block; b < section.blocks().size(); b++) {
            Section.Block candidate = section.blocks().get(b);
            if (candidate.start() > limit) {
                break;
            }
            if (probe.countBefore(candidate.start() - position) * 4 >= room
                    || fitsFence(candidate)) {
                best = candidate.start();
            }
        }
        return best;
    }

    private boolean fitsFence(Section.Block candidate) {
        int length = candidate.end() - candidate.start();
        return candidate.fence()
                && length <= maxChars
                && tokens.count(text.substring(candidate.start(), candidate.end())) <= room;
    }

    private int cutWithinBlock(int limit) {
        int half = position + (limit - position) / 2;
        int soft = Math.max(lastLineStart(half, limit), lastSentenceEnd(half, limit));
        if (soft > position) {
            return soft;
        }
        int space = lastSpace(position + (limit - position) / 4, limit);
        return space > position ? space : hardCut(limit);
    }

    private int lastLineStart(int from, int limit) {
        int newline = text.lastIndexOf('\n', limit - 1);
        return newline >= from ? newline + 1 : -1;
    }

    private int lastSentenceEnd(int from, int limit) {
        for (int i = limit - 1; i > from; i--) {
            char mark = text.charAt(i - 1);
            boolean ends = (mark == '.' || mark == '!' || mark == '?') && isSpace(i);
            if (ends || mark == '。' || mark == '！' || mark == '？') {
                return i;
            }
        }
        return -1;
    }

    private int lastSpace(int from, int limit) {
        for (int i = limit; i > from; i--) {
            if (isSpace(i - 1)) {
                return i;
            }
        }
        return -1;
    }

    /// Breaks a word. Its part may have more tokens than it had in the whole word.
    private int hardCut(int limit) {
        int end = characterStart(limit);
        while (end - position > 2 && tokens.count(text.substring(position, end)) > room) {
            end = characterStart(position + (end - position) * 3 / 4);
        }
        return Math.max(end, characterEnd(position + 1));
    }

    /// Where the next passage starts when this one ended within a block: at the beginning of a line
    /// or word in its last part.
    private int overlapStart(Probe probe) {
        int used = probe.countBefore(passageEnd - position);
        int shared = (int) (room * TextSplitter.OVERLAP);
        if (used <= shared * 2) {
            return passageEnd;
        }
        int from = Math.max(position + probe.spans().starts()[used - shared], startOfCutBlock());
        int newline = text.indexOf('\n', from - 1);
        if (newline >= 0 && newline + 1 < passageEnd) {
            return newline + 1;
        }
        for (int i = Math.max(1, from); i < passageEnd; i++) {
            if (isSpace(i - 1)) {
                return i;
            }
        }
        return passageEnd;
    }

    /// Where the block starts that the passage ends in: what is before it lies in one passage
    /// already.
    private int startOfCutBlock() {
        int start = -1;
        for (int b = block; b < section.blocks().size(); b++) {
            if (section.blocks().get(b).start() >= passageEnd) {
                break;
            }
            start = section.blocks().get(b).start();
        }
        return start;
    }

    /// Past blank lines, and in the middle of a line past white space.
    private int skipBlank(int from) {
        int i = from;
        int lineStart = from;
        while (i < section.end() && isSpace(i)) {
            if (text.charAt(i) == '\n') {
                lineStart = i + 1;
            }
            i++;
        }
        boolean startsLine = lineStart == 0 || text.charAt(lineStart - 1) == '\n';
        return startsLine && i < section.end() && i - lineStart <= MAX_INDENT ? lineStart : i;
    }

    private boolean isSpace(int index) {
        return Character.isWhitespace(text.charAt(index));
    }

    /// Offsets that do not part a surrogate pair.
    private int characterStart(int offset) {
        return parts(offset) ? offset - 1 : offset;
    }

    private int characterEnd(int offset) {
        return parts(offset) ? offset + 1 : offset;
    }

    private boolean parts(int offset) {
        return offset > 0
                && offset < text.length()
                && Character.isSurrogatePair(text.charAt(offset - 1), text.charAt(offset));
    }

    /// The tokens from `position` on.
    ///
    /// @param spans offsets from there
    /// @param end how far was looked
    /// @param fits whether all of them fit the room
    private record Probe(TokenCounter.TokenSpans spans, int end, boolean fits) {
        /// Tokens that end at or before an offset from the probe's start.
        int countBefore(int offset) {
            int low = 0;
            int high = spans.count();
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (spans.ends()[middle] <= offset) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }
    }
}
