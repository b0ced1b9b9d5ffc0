package dev.quern.volume;

import dev.quern.storage.ChunkId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Writes the fields of a format, big-endian, to a buffer that grows. Not thread-safe.
final class FormatWriter {
    private ByteBuffer out;

    FormatWriter(int expectedBytes) {
        out = ByteBuffer.allocate(Math.max(16, expectedBytes));
    }

    FormatWriter u8(int value) {
        room(1).put((byte) value);
        return this;
    }

    FormatWriter u16(int value) {
        room(2).putShort((short) value);
        return this;
    }

    FormatWriter u32(int value) {
        room(4).putInt(value);
        return this;
    }

    FormatWriter i64(long value) {
        room(8).putLong(value);
        return this;
    }

    FormatWriter id(ChunkId id) {
        return bytes(id.bytes());
    }

    FormatWriter bytes(byte[] bytes) {
        room(bytes.length).put(bytes);
        return this;
    }

    /// A component of a path: one byte of length, then UTF-8.
    FormatWriter name(String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        return u8(bytes.length).bytes(bytes);
    }

    /// A longer text: two bytes of length, then UTF-8.
    FormatWriter text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return u16(bytes.length).bytes(bytes);
    }

    byte[] toBytes() {
        return Arrays.copyOf(out.array(), out.position());
    }

    private ByteBuffer room(int length) {
        if (out.remaining() < length) {
            int capacity = Math.max(out.capacity() * 2, out.position() + length);
            out = ByteBuffer.allocate(capacity).put(out.flip());
        }
        return out;
    }
}
