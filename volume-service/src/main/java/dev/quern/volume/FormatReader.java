package dev.quern.volume;

import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Reads the fields of a format, big-endian, and answers anything else than what the format allows
/// with `CORRUPT`, naming the thing and the offset. Never reads or allocates beyond the bytes that
/// are there. Not thread-safe.
final class FormatReader {
    private final ByteBuffer in;
    private final String what;

    /// Reads from the first byte.
    ///
    /// @param what the thing, for messages
    FormatReader(byte[] bytes, String what) {
        this.in = ByteBuffer.wrap(bytes);
        this.what = what;
    }

    /// One byte, 0 to 255.
    int u8() {
        need(1);
        return Byte.toUnsignedInt(in.get());
    }

    /// Two bytes, 0 to 65,535.
    int u16() {
        need(2);
        return Short.toUnsignedInt(in.getShort());
    }

    /// Eight bytes, signed.
    long i64() {
        need(8);
        return in.getLong();
    }

    /// Eight bytes that must be `min` or more.
    long atLeast(long min) {
        long value = i64();
        if (value < min) {
            throw corrupt("number must be " + min + " or more, got " + value);
        }
        return value;
    }

    /// Four bytes: how many things follow that take at least `leastBytesEach` bytes each.
    int count(int leastBytesEach) {
        need(4);
        int count = in.getInt();
        if (count < 0 || (long) count * leastBytesEach > in.remaining()) {
            throw corrupt("count " + Integer.toUnsignedString(count) + " is over what follows");
        }
        return count;
    }

    /// `length` bytes.
    byte[] bytes(int length) {
        need(length);
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }

    /// The 32 bytes of a chunk's id.
    ChunkId id() {
        return ChunkId.of(bytes(32));
    }

    /// `length` bytes of UTF-8.
    String text(int length) {
        need(length);
        ByteBuffer part = in.slice(in.position(), length);
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(part).toString();
            in.position(in.position() + length);
            return text;
        } catch (CharacterCodingException e) {
            throw corrupt("text is not UTF-8");
        }
    }

    /// A name that may be a component of a path: one byte of length, then UTF-8.
    String name() {
        String name = text(u8());
        if (!VolumePath.isName(name)) {
            throw corrupt("name breaks the rule for path components");
        }
        return name;
    }

    /// The version byte that every format starts with.
    void version(int expected) {
        int version = u8();
        if (version != expected) {
            throw corrupt("version must be " + expected + ", got " + version);
        }
    }

    /// Nothing may follow.
    void end() {
        if (in.hasRemaining()) {
            throw corrupt(in.remaining() + " bytes too many");
        }
    }

    /// An error that names the thing and the present offset.
    QuernException corrupt(String problem) {
        return QuernException.corrupt(what + " at byte " + in.position() + ": " + problem);
    }

    private void need(int length) {
        if (in.remaining() < length) {
            throw corrupt("needs " + length + " bytes, " + in.remaining() + " are left");
        }
    }
}
