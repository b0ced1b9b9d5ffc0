package dev.quern.vector.fused;

/// A query's bit planes in the shape of a row of a [CodeTable], so that a row can be compared a
/// register at a time. Reused between queries by one thread at a time.
final class CodePlanes {
    private final int words;
    private final int stride;
    private final long[] longs;

    /// For rows of a width.
    CodePlanes(int width) {
        this.words = width / Long.SIZE;
        this.stride = CodeTable.rowBytes(width) / Long.BYTES;
        // The planes one after the other, then the mask.
        this.longs = new long[(QueryCode.PLANES + 1) * stride];
        for (int word = 1; word <= words; word++) {
            longs[QueryCode.PLANES * stride + word] = -1;
        }
    }

    /// Takes a query's planes.
    void set(QueryCode query) {
        for (int plane = 0; plane < QueryCode.PLANES; plane++) {
            for (int word = 0; word < words; word++) {
                int low = 2 * word * QueryCode.PLANES + plane;
                longs[plane * stride + word + 1] =
                        Integer.toUnsignedLong(query.planes[low])
                                | (long) query.planes[low + QueryCode.PLANES] << Integer.SIZE;
            }
        }
    }

    /// Longs of a code.
    int words() {
        return words;
    }

    /// Longs of a row, of which the first is no code.
    int stride() {
        return stride;
    }

    /// Word 1 and up of a plane.
    long plane(int plane, int word) {
        return longs[plane * stride + word];
    }

    /// Where a plane begins in [#longs]; plane 4 is the mask, all ones where a row has its code.
    int at(int plane) {
        return plane * stride;
    }

    long[] longs() {
        return longs;
    }
}
