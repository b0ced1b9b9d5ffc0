package dev.quern.storage;

/// Puts the first bytes of all numbers first, then all second bytes, and so on: the exponents of
/// floats lie together then and compress, where mixed with mantissas they do not. Bytes after the
/// last whole number stay at the end.
final class ByteGrouping {
    private ByteGrouping() {}

    /// Groups `from[at..at + length)` by `width` into the beginning of `to`.
    static void group(byte[] from, int at, int length, int width, byte[] to) {
        int count = length / width;
        for (int plane = 0; plane < width; plane++) {
            int start = plane * count;
            int source = at + plane;
            for (int i = 0; i < count; i++) {
                to[start + i] = from[source];
                source += width;
            }
        }
        System.arraycopy(from, at + count * width, to, count * width, length - count * width);
    }

    /// The reverse, of the first `to.length` bytes of `from`.
    static void ungroup(byte[] from, int width, byte[] to) {
        int count = to.length / width;
        for (int plane = 0; plane < width; plane++) {
            int start = plane * count;
            int target = plane;
            for (int i = 0; i < count; i++) {
                to[target] = from[start + i];
                target += width;
            }
        }
        System.arraycopy(from, count * width, to, count * width, to.length - count * width);
    }
}
