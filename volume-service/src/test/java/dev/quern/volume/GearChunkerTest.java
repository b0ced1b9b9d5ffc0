package dev.quern.volume;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class GearChunkerTest {
    private static final int MIB = 1 << 20;

    @Test
    void cutsWhereItAlwaysDid() {
        byte[] bytes = new byte[8 * MIB];
        new Random(42).nextBytes(bytes);
        assertThat(cuts(bytes, bytes.length))
                .as("cut points are part of what makes later versions find duplicates")
                .containsExactly(GOLDEN);
    }

    @Test
    void cutsAlikeHoweverTheBytesArrive() {
        long seed = Seeds.next("GearChunkerTest");
        Random random = new Random(seed);
        byte[] bytes = new byte[20 * MIB + 17];
        random.nextBytes(bytes);
        List<Integer> whole = cuts(bytes, bytes.length);
        assertThat(cuts(bytes, 64 << 10)).isEqualTo(whole);
        assertThat(cuts(bytes, 7_777_777)).isEqualTo(whole);
        assertThat(cuts(Arrays.copyOf(bytes, 3 * MIB), 999))
                .isEqualTo(cuts(Arrays.copyOf(bytes, 3 * MIB), MIB));
    }

    @Test
    void keepsWithinItsBounds() {
        byte[] bytes = new byte[64 * MIB];
        new Random(7).nextBytes(bytes);
        List<Integer> lengths = cuts(bytes, bytes.length);
        assertThat(lengths.subList(0, lengths.size() - 1))
                .allMatch(length -> length >= GearChunker.MIN_BYTES)
                .allMatch(length -> length <= GearChunker.MAX_BYTES);
        assertThat(lengths.stream().mapToInt(length -> length).average().orElseThrow())
                .isBetween(0.9 * MIB, 1.6 * MIB);
    }

    @Test
    void cutsEqualBytesAtTheMaximum() {
        assertThat(cuts(new byte[9 * MIB], MIB))
                .containsExactly(GearChunker.MAX_BYTES, GearChunker.MAX_BYTES, MIB);
    }

    @Test
    void leavesSmallFilesWhole() {
        byte[] bytes = new byte[GearChunker.MIN_BYTES];
        new Random(1).nextBytes(bytes);
        assertThat(cuts(bytes, 1000)).containsExactly(GearChunker.MIN_BYTES);
        assertThat(cuts(new byte[1], 1)).containsExactly(1);
        assertThat(cuts(new byte[0], 1)).isEmpty();
    }

    @Test
    void findsItsPlaceAgainAfterAnInsertion() {
        byte[] bytes = new byte[40 * MIB];
        new Random(3).nextBytes(bytes);
        byte[] shifted = new byte[bytes.length + 5];
        System.arraycopy(bytes, 0, shifted, 5, bytes.length);
        Set<Integer> ends = ends(bytes, 0);
        ends.retainAll(ends(shifted, 5));
        assertThat(ends.size()).isGreaterThan(cuts(bytes, MIB).size() * 8 / 10);
    }

    private static Set<Integer> ends(byte[] bytes, int shift) {
        Set<Integer> ends = new HashSet<>();
        int end = -shift;
        for (int length : cuts(bytes, bytes.length)) {
            end += length;
            ends.add(end);
        }
        return ends;
    }

    /// Lengths of the chunks when the bytes arrive in parts of `step`.
    private static List<Integer> cuts(byte[] bytes, int step) {
        GearChunker chunker = new GearChunker();
        List<Integer> lengths = new ArrayList<>();
        int from = 0;
        int to = Math.min(step, bytes.length);
        while (true) {
            int length = chunker.next(bytes, from, to, to == bytes.length);
            if (length > 0) {
                lengths.add(length);
                from += length;
            } else if (to == bytes.length) {
                return lengths;
            } else {
                to = Math.min(to + step, bytes.length);
            }
        }
    }

    private static final Integer[] GOLDEN = {
        564705, 1777433, 1202382, 936774, 386471, 2740442, 780401
    };
}
