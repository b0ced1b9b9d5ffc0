package dev.quern.embed;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.volume.FileContent;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Reads a file of a volume as passages. Files that are no text are skipped with a reason, never an
/// error. Lines of JSON are read one at a time; other files as a whole, up to [#MAX_TEXT].
final class FilePassages {
    /// The largest file read as a whole.
    static final ByteSize MAX_TEXT = ByteSize.ofMebibytes(16);

    /// Where a NUL is looked for before the rest of the file is read.
    private static final int SNIFFED_BYTES = 8 << 10;

    private final TextSplitter splitter;

    FilePassages(TextSplitter splitter) {
        this.splitter = splitter;
    }

    /// Gives the passages of a file to a sink.
    ///
    /// @return why the file was skipped: then the sink was given nothing; empty if it was not
    Optional<String> read(FileContent content, PassageSink sink) {
        TextKind kind = TextKind.of(content.info().path().name());
        if (kind == TextKind.JSON_LINES) {
            readLines(content, sink);
            return Optional.empty();
        }
        long size = content.info().sizeBytes();
        if (size > MAX_TEXT.bytes()) {
            return Optional.of("larger than " + MAX_TEXT + ": " + new ByteSize(size).toString());
        }
        byte[] bytes = new byte[(int) size];
        int sniffed = (int) Math.min(size, SNIFFED_BYTES);
        readFully(content, bytes, 0, sniffed);
        if (hasNul(bytes, sniffed)) {
            return Optional.of("not text: it holds a NUL byte");
        }
        readFully(content, bytes, sniffed, (int) size);
        if (hasNul(bytes, bytes.length)) {
            return Optional.of("not text: it holds a NUL byte");
        }
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            return Optional.of("not text: it is not UTF-8");
        }
        split(kind, text, sink);
        return Optional.empty();
    }

    private void split(TextKind kind, String text, PassageSink sink) {
        TextSplitter.Split split = splitter.split(kind, text);
        int number = 0;
        for (Passage passage : split.passages()) {
            sink.passage(String.valueOf(++number), passage);
        }
        if (split.truncated()) {
            sink.skippedFrom(
                    split.passages().getLast().line(),
                    "more than " + number + " passages: what follows is left out");
        }
    }

    private void readLines(FileContent content, PassageSink sink) {
        long size = content.info().sizeBytes();
        try (InputStream stream = new BufferedInputStream(content.stream(0, size), 1 << 16)) {
            new JsonLines(splitter, sink).read(stream);
        } catch (IOException e) {
            throw QuernException.internal("file " + content.info().path() + " cannot be read", e);
        }
    }

    private static void readFully(FileContent content, byte[] bytes, int from, int to) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes, from, to - from);
        while (buffer.hasRemaining() && content.read(buffer.position(), buffer) > 0) {
            // reads on until the part is full
        }
    }

    private static boolean hasNul(byte[] bytes, int length) {
        for (int i = 0; i < length; i++) {
            if (bytes[i] == 0) {
                return true;
            }
        }
        return false;
    }
}
