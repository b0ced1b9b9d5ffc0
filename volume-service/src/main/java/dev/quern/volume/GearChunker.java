package dev.quern.volume;

/// Cuts a stream of bytes where its contents say so (content-defined chunking by a gear hash), so
/// that a file which differs from another by an insertion shares all chunks but those around it.
///
/// The hash of a position is `hash = 2 hash + GEAR[byte]`, over the 64 bytes before it; a chunk
/// ends where the upper 20 bits of the hash are zero, never before [#MIN_BYTES] and always at
/// [#MAX_BYTES]. GEAR is 256 longs of SplitMix64 from seed 0. Another table or rule finds no
/// duplicates of what this one stored, but reads it well. Not thread-safe; one for each stream.
final class GearChunker {
    /// The shortest chunk, but for the last of a file.
    static final int MIN_BYTES = 256 << 10;

    /// The longest chunk.
    static final int MAX_BYTES = 4 << 20;

    private static final int WINDOW = 64;
    private static final long CUT_MASK = 0xFFFF_F000_0000_0000L;
    private static final long[] GEAR = gear();

    private int scanned;
    private long hash;

    /// The length of the first chunk in a part of a stream.
    ///
    /// @param bytes an array that holds the part
    /// @param from index of its first byte: the stream's first, or the first after the last chunk
    /// @param to index after its last byte; a repeated call may pass more bytes, not fewer
    /// @param end whether the stream ends there
    /// @return the length; 0 if that takes more bytes, or if there are none and it is the end
    int next(byte[] bytes, int from, int to, boolean end) {
        int available = Math.min(to - from, MAX_BYTES);
        int limit = from + available;
        int i = Math.min(from + Math.max(scanned, MIN_BYTES - WINDOW), limit);
        long[] gear = GEAR;
        long h = hash;
        for (; i < limit; i++) {
            h = (h << 1) + gear[bytes[i] & 0xFF];
            if ((h & CUT_MASK) == 0 && i + 1 - from >= MIN_BYTES) {
                return cut(i + 1 - from);
            }
        }
        if (available == MAX_BYTES || end) {
            return cut(available);
        }
        scanned = available;
        hash = h;
        return 0;
    }

    private int cut(int length) {
        scanned = 0;
        hash = 0;
        return length;
    }

    private static long[] gear() {
        long[] table = new long[256];
        long state = 0;
        for (int i = 0; i < table.length; i++) {
            state += 0x9E3779B97F4A7C15L;
            long mixed = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
            mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
            table[i] = mixed ^ (mixed >>> 31);
        }
        return table;
    }
}
