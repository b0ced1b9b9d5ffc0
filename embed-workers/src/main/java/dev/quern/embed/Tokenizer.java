package dev.quern.embed;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// A model's tokenizer, from its `tokenizer.json`; nothing is fetched. The file's own truncation
/// and padding (128 tokens for MiniLM) are switched off: the limit is the model's.
///
/// Thread-safe; the native code runs on the calling thread.
final class Tokenizer implements TokenCounter, AutoCloseable {
    /// Characters looked at first for each token wanted; English has 4 to 5.
    private static final int CHARS_PER_TOKEN = 8;

    /// Longer words are one unknown token to WordPiece.
    private static final int MAX_TOKENS_OF_A_WORD = 100;

    private final HuggingFaceTokenizer tokenizer;
    private final int[] begin;
    private final int[] end;
    private final int vocabularySize;

    private Tokenizer(HuggingFaceTokenizer tokenizer, int vocabularySize) {
        this.tokenizer = tokenizer;
        this.vocabularySize = vocabularySize;
        int[] around = toInts(tokenizer.encode("", true, false).getIds());
        this.begin = Arrays.copyOfRange(around, 0, around.length / 2);
        this.end = Arrays.copyOfRange(around, around.length / 2, around.length);
    }

    /// Loads a `tokenizer.json`.
    ///
    /// @throws QuernException `INVALID` if it is no such file
    @MustBeClosed
    static Tokenizer open(Path file) {
        keepOffline();
        try {
            int vocabularySize = vocabularySize(file);
            HuggingFaceTokenizer tokenizer =
                    HuggingFaceTokenizer.builder()
                            .optTokenizerPath(file)
                            .optTruncation(false)
                            .optPadding(false)
                            .build();
            return new Tokenizer(tokenizer, vocabularySize);
        } catch (IOException | RuntimeException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "tokenizer " + file + " cannot be loaded: " + e.getMessage(),
                    e);
        }
    }

    /// The ids of a text with the begin and end tokens, cut to `maxTokens` in all. Of a long text
    /// only a beginning is tokenized, so that the cost is bounded by the limit.
    Ids encode(String text, int maxTokens) {
        int room = maxTokens - specials();
        String clean = replaceLoneSurrogates(text);
        for (int looked = room * CHARS_PER_TOKEN; ; looked = Math.multiplyExact(looked, 2)) {
            boolean whole = looked >= clean.length();
            int space = whole ? clean.length() : spaceBefore(clean, looked);
            int cut = space > 0 || whole ? space : characterEnd(clean, looked);
            int[] ids = toInts(tokenizer.encode(clean.substring(0, cut), false, false).getIds());
            // A word that the cut broke may have other tokens when it is whole, up to this many.
            int unsure = space > 0 || whole ? 0 : MAX_TOKENS_OF_A_WORD;
            if (ids.length > room + unsure) {
                return new Ids(surround(Arrays.copyOf(ids, room)), true);
            }
            if (whole) {
                boolean truncated = ids.length > room;
                return new Ids(surround(truncated ? Arrays.copyOf(ids, room) : ids), truncated);
            }
        }
    }

    /// The ids of a text that the caller tokenized, made as [#encode] makes them.
    ///
    /// @throws QuernException `INVALID` if there are none, or one is not in the vocabulary
    Ids accept(int[] given, int maxTokens) {
        if (given.length == 0) {
            throw QuernException.invalid("token array is empty, expected one or more ids");
        }
        for (int i = 0; i < given.length; i++) {
            if (given[i] < 0 || given[i] >= vocabularySize) {
                throw QuernException.invalid(
                        "token "
                                + i
                                + " of the array is "
                                + given[i]
                                + ", expected an id of the model's vocabulary, 0 to "
                                + (vocabularySize - 1));
            }
        }
        int[] bare = isSurrounded(given) ? strip(given) : given;
        int room = maxTokens - specials();
        return new Ids(
                surround(Arrays.copyOf(bare, Math.min(bare.length, room))), bare.length > room);
    }

    @Override
    public TokenSpans spans(String text) {
        String clean = replaceLoneSurrogates(text);
        CharSpan[] spans = tokenizer.encode(clean, false, false).getCharTokenSpans();
        int[] starts = new int[spans.length];
        int[] ends = new int[spans.length];
        // The tokenizer counts code points; Java strings count UTF-16 units.
        int codePoints = clean.codePointCount(0, clean.length());
        int[] units = codePoints == clean.length() ? null : unitOffsets(clean, codePoints);
        for (int i = 0; i < spans.length; i++) {
            int start = spans[i].getStart();
            int stop = spans[i].getEnd();
            starts[i] = units == null ? start : units[start];
            ends[i] = units == null ? stop : units[stop];
        }
        return new TokenSpans(starts, ends);
    }

    @Override
    public int specials() {
        return begin.length + end.length;
    }

    int vocabularySize() {
        return vocabularySize;
    }

    @Override
    public void close() {
        tokenizer.close();
    }

    /// After the last white space before `limit`, where a cut changes no token; 0 without any.
    private static int spaceBefore(String text, int limit) {
        for (int i = limit; i > 0; i--) {
            if (Character.isWhitespace(text.charAt(i - 1))) {
                return i;
            }
        }
        return 0;
    }

    private static int characterEnd(String text, int limit) {
        return limit < text.length() && Character.isLowSurrogate(text.charAt(limit))
                ? limit + 1
                : limit;
    }

    private int[] surround(int[] ids) {
        int[] all = Arrays.copyOf(begin, begin.length + ids.length + end.length);
        System.arraycopy(ids, 0, all, begin.length, ids.length);
        System.arraycopy(end, 0, all, begin.length + ids.length, end.length);
        return all;
    }

    private boolean isSurrounded(int[] ids) {
        int length = ids.length;
        return length >= specials()
                && specials() > 0
                && Arrays.equals(ids, 0, begin.length, begin, 0, begin.length)
                && Arrays.equals(ids, length - end.length, length, end, 0, end.length);
    }

    private int[] strip(int[] ids) {
        return Arrays.copyOfRange(ids, begin.length, ids.length - end.length);
    }

    private static int[] unitOffsets(String text, int codePoints) {
        int[] offsets = new int[codePoints + 1];
        int unit = 0;
        for (int i = 0; i < codePoints; i++) {
            offsets[i] = unit;
            unit += Character.charCount(text.codePointAt(unit));
        }
        offsets[codePoints] = unit;
        return offsets;
    }

    /// Half a surrogate pair has no UTF-8 form; the native side would put several characters in its
    /// place and shift every offset after it.
    private static String replaceLoneSurrogates(String text) {
        StringBuilder clean = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
                continue;
            }
            clean = clean == null ? new StringBuilder(text) : clean;
            clean.setCharAt(i, '\uFFFD');
        }
        return clean == null ? text : clean.toString();
    }

    /// One more than the largest id that the file defines.
    private static int vocabularySize(Path file) throws IOException {
        JsonNode root = new ObjectMapper().readTree(Files.readAllBytes(file));
        int largest = -1;
        for (JsonNode id : root.path("model").path("vocab")) {
            largest = Math.max(largest, id.asInt(-1));
        }
        for (JsonNode token : root.path("added_tokens")) {
            largest = Math.max(largest, token.path("id").asInt(-1));
        }
        if (largest < 0) {
            throw new IOException("it has no model.vocab");
        }
        return largest + 1;
    }

    private static int[] toInts(long[] ids) {
        int[] ints = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            ints[i] = Math.toIntExact(ids[i]);
        }
        return ints;
    }

    /// The library reports its use to a cloud metadata address unless it is told not to, and asks a
    /// model hub for what it lacks. The launcher says so too; a program that embeds Quern may not.
    private static void keepOffline() {
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
    }

    /// Token ids with the begin and end tokens.
    ///
    /// @param ids never empty unless the model has neither
    /// @param truncated whether there were more than fit
    record Ids(int[] ids, boolean truncated) {}
}
