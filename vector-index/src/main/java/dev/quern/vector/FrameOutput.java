package dev.quern.vector;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Writes the fields of a frame into memory; [FrameInput] reads them. Little-endian. A count or
/// length is a varint: seven bits a byte, low bits first, the high bit set on all but the last. Not
/// thread-safe.
final class FrameOutput {
    private byte[] bytes = new byte[256];
    private int size;

    void u8(int value) {
        reserve(1);
        bytes[size++] = (byte) value;
    }

    void count(int value) {
        reserve(5);
        int rest = value;
        while ((rest & ~0x7f) != 0) {
            bytes[size++] = (byte) ((rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        bytes[size++] = (byte) rest;
    }

    void i64(long value) {
        buffer(Long.BYTES).putLong(value);
    }

    void f64(double value) {
        i64(Double.doubleToLongBits(value));
    }

    /// A count of bytes, then the string in UTF-8.
    void utf8(String value) {
        byte[] encoded = value.getBytes(StandardCharsets.UTF_8);
        count(encoded.length);
        raw(encoded);
    }

    /// The numbers alone; the reader knows how many.
    void floats(float[] values) {
        buffer(Math.multiplyExact(values.length, Float.BYTES)).asFloatBuffer().put(values);
    }

    /// The bytes alone; the reader knows how many.
    void raw(byte[] value) {
        reserve(value.length);
        System.arraycopy(value, 0, bytes, size, value.length);
        size += value.length;
    }

    int size() {
        return size;
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, size);
    }

    private ByteBuffer buffer(int length) {
        reserve(length);
        ByteBuffer buffer = ByteBuffer.wrap(bytes, size, length).order(ByteOrder.LITTLE_ENDIAN);
        size += length;
        return buffer;
    }

    private void reserve(int more) {
        int needed = Math.addExact(size, more);
        if (needed > bytes.length) {
            long grown = Math.min(Integer.MAX_VALUE - 8L, bytes.length * 2L);
            bytes = Arrays.copyOf(bytes, (int) Math.max(needed, grown));
        }
    }
}
