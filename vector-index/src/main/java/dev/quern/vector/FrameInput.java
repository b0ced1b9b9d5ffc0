package dev.quern.vector;

import dev.quern.common.QuernException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.NavigableMap;

/// Reads what [FrameOutput] wrote. Every method either returns a value or throws `CORRUPT` naming
/// the frame and the offset; nothing is allocated beyond a small multiple of the bytes at hand. Not
/// thread-safe.
final class FrameInput {
    private final String what;
    private final ByteBuffer bytes;

    /// @param what names the frame in errors
    FrameInput(String what, byte[] bytes) {
        this.what = what;
        this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    int u8() {
        try {
            return bytes.get() & 0xff;
        } catch (BufferUnderflowException e) {
            throw corrupt("ends early");
        }
    }

    /// A byte that must be this one.
    void version(int expected) {
        int found = u8();
        if (found != expected) {
            throw corrupt("has version " + found + ", expected " + expected);
        }
    }

    /// A byte that must be one of a range of versions.
    int version(int oldest, int newest) {
        int found = u8();
        if (found < oldest || found > newest) {
            throw corrupt("has version " + found + ", expected " + oldest + " to " + newest);
        }
        return found;
    }

    boolean flag() {
        int value = u8();
        if (value > 1) {
            throw corrupt("has flag " + value + ", expected 0 or 1");
        }
        return value == 1;
    }

    /// A count of things that take at least `bytesEach` bytes each in what remains.
    int count(int bytesEach) {
        long value = varint();
        if (value * bytesEach > bytes.remaining()) {
            throw corrupt("counts " + value + " with " + bytes.remaining() + " bytes left");
        }
        return (int) value;
    }

    /// A number from 0 to `max` in the form of a count.
    int number(int max) {
        long value = varint();
        if (value > max) {
            throw corrupt("has " + value + " where at most " + max + " can be");
        }
        return (int) value;
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            int next = u8();
            value |= (long) (next & 0x7f) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw corrupt("has a count of more than 5 bytes");
    }

    long i64() {
        try {
            return bytes.getLong();
        } catch (BufferUnderflowException e) {
            throw corrupt("ends early");
        }
    }

    double f64() {
        return Double.longBitsToDouble(i64());
    }

    String utf8() {
        ByteBuffer part = take(count(1));
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(part).toString();
        } catch (CharacterCodingException e) {
            throw corrupt("has a string that is not UTF-8");
        }
    }

    /// A string that must be greater than every key read before.
    String nameAfter(NavigableMap<String, ?> before) {
        String name = utf8();
        if (!before.isEmpty() && before.lastKey().compareTo(name) >= 0) {
            throw corrupt("has names out of order");
        }
        return name;
    }

    float[] floats(int length) {
        ByteBuffer part = take(Math.multiplyExact(length, Float.BYTES));
        float[] values = new float[length];
        part.asFloatBuffer().get(values);
        return values;
    }

    byte[] raw(int length) {
        byte[] value = new byte[take(length).remaining()];
        bytes.get(bytes.position() - length, value);
        return value;
    }

    byte[] rest() {
        return raw(bytes.remaining());
    }

    /// The frame must end here.
    void end() {
        if (bytes.hasRemaining()) {
            throw corrupt("has " + bytes.remaining() + " bytes too many");
        }
    }

    QuernException corrupt(String problem) {
        return QuernException.corrupt(what + " " + problem + " at offset " + bytes.position());
    }

    private ByteBuffer take(int length) {
        if (length > bytes.remaining()) {
            throw corrupt("ends early");
        }
        ByteBuffer part = bytes.slice(bytes.position(), length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.position(bytes.position() + length);
        return part;
    }
}
