package dev.quern.embed;

import java.util.Arrays;
import java.util.List;

/// Texts as token ids, to be computed together; each is padded to the longest.
///
/// @param rows ids of each text, begin and end tokens included, none empty; not modified
record TokenBatch(List<int[]> rows) {
    TokenBatch {
        rows = List.copyOf(rows);
    }

    /// Tokens of the longest row.
    int width() {
        int width = 0;
        for (int[] row : rows) {
            width = Math.max(width, row.length);
        }
        return width;
    }

    /// The ids row by row, `width` each, padded with 0.
    long[] paddedIds() {
        int width = width();
        long[] ids = new long[rows.size() * width];
        for (int r = 0; r < rows.size(); r++) {
            int[] row = rows.get(r);
            for (int i = 0; i < row.length; i++) {
                ids[r * width + i] = row[i];
            }
        }
        return ids;
    }

    /// 1 where [#paddedIds] has a token of the text, 0 where it has padding.
    long[] attentionMask() {
        int width = width();
        long[] mask = new long[rows.size() * width];
        for (int r = 0; r < rows.size(); r++) {
            Arrays.fill(mask, r * width, r * width + rows.get(r).length, 1L);
        }
        return mask;
    }
}
