package dev.quern.storage;

import java.util.Arrays;

/// A set of chunks of one space, 8 bytes for each: the first 64 bits of their SHA-256, in a table
/// that is at most 2/3 full and doubles, so 12 to 24 bytes a chunk (36 while it grows). Two chunks
/// that share these bits are taken for one, which keeps garbage and never loses a chunk. Not
/// thread-safe.
final class FingerprintSet {
    private static final int MIN_SLOTS = 1 << 10;

    /// 0 is an empty slot.
    private long[] slots = new long[MIN_SLOTS];

    private int size;
    private boolean hasZero;

    /// Whether it was not in the set before.
    boolean add(ChunkId id) {
        long fingerprint = fingerprint(id);
        if (fingerprint == 0) {
            boolean added = !hasZero;
            hasZero = true;
            return added;
        }
        if (!insert(slots, fingerprint)) {
            return false;
        }
        size++;
        if (size > slots.length / 3 * 2) {
            grow();
        }
        return true;
    }

    boolean contains(ChunkId id) {
        long fingerprint = fingerprint(id);
        return fingerprint == 0 ? hasZero : slots[slot(slots, fingerprint)] == fingerprint;
    }

    int size() {
        return size + (hasZero ? 1 : 0);
    }

    private static long fingerprint(ChunkId id) {
        return Long.parseUnsignedLong(id.hex(), 0, 16, 16);
    }

    private void grow() {
        long[] larger = new long[Math.multiplyExact(slots.length, 2)];
        Arrays.stream(slots).filter(slot -> slot != 0).forEach(slot -> insert(larger, slot));
        slots = larger;
    }

    private static boolean insert(long[] slots, long fingerprint) {
        int slot = slot(slots, fingerprint);
        boolean absent = slots[slot] == 0;
        slots[slot] = fingerprint;
        return absent;
    }

    /// Where it is, or else the empty slot where it belongs. A digest's bits need no mixing.
    private static int slot(long[] slots, long fingerprint) {
        int at = (int) fingerprint & (slots.length - 1);
        while (slots[at] != 0 && slots[at] != fingerprint) {
            at = (at + 1) & (slots.length - 1);
        }
        return at;
    }
}
