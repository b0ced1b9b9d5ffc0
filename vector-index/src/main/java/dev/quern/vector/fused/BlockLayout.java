package dev.quern.vector.fused;

/// Where the parts of a block lie; the byte format is specified on [FusedVectorsFormat].
///
/// @param dims dimensions of the vectors as the caller gives them, 1 or more
/// @param width dimensions after padding, a multiple of 64
record BlockLayout(int dims, int width) {
    /// Neighbours of a vertex; a slot that has none estimates infinity.
    static final int SLOTS = 32;

    /// Bytes of one word of the codes of all neighbours, and of one factor of all neighbours.
    static final int ROW_BYTES = SLOTS * Integer.BYTES;

    private static final int ALIGNMENT = 64;

    /// The layout for vectors of so many dimensions.
    static BlockLayout of(int dims) {
        return new BlockLayout(dims, (dims + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    }

    /// 32-bit words of one neighbour's code.
    int words() {
        return width / Integer.SIZE;
    }

    /// Offset in a block of the codes: word w of neighbour s is the int at `w * 32 + s`.
    int codes() {
        return width * Float.BYTES;
    }

    /// Offset of the constant terms of the estimates.
    int constants() {
        return codes() + words() * ROW_BYTES;
    }

    /// Offset of the factors of the estimates.
    int factors() {
        return constants() + ROW_BYTES;
    }

    /// Offset of the neighbours' ids.
    int ids() {
        return factors() + ROW_BYTES;
    }

    /// Bytes of a block, a multiple of 128.
    int bytes() {
        return ids() + ROW_BYTES;
    }
}
