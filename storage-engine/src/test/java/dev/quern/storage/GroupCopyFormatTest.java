package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class GroupCopyFormatTest {
    private static final int OFFSET = 280;
    private static final int LENGTH = 96;

    /// Version 1 as it lies on disks, with the last group of `fact-log-1.bin`: never change this
    /// file, add one.
    @Test
    void versionOneIsAsItWas() throws IOException {
        byte[] golden = FactLogFormatTest.golden("group-copy-1.bin");
        byte[] log = FactLogFormatTest.golden("fact-log-1.bin");
        GroupCopy copy = GroupCopyFormat.decode(MemorySegment.ofArray(golden), "golden");
        byte[] group = Arrays.copyOfRange(log, OFFSET, OFFSET + LENGTH);
        GroupCopy expected = new GroupCopy(7, 0x1122334455667788L, OFFSET, 9, group);

        assertThat(copy).usingRecursiveComparison().isEqualTo(expected);
        assertThat(GroupCopyFormat.encode(expected)).isEqualTo(golden);
    }

    @Test
    void anyDamageIsSeen() throws IOException {
        byte[] whole = FactLogFormatTest.golden("group-copy-1.bin");
        for (int at = 0; at < whole.length; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x10;
            assertThat(decode(damaged)).as("byte %d", at).isNull();
            assertThat(decode(Arrays.copyOf(whole, at))).as("%d bytes", at).isNull();
        }
        assertThat(decode(Arrays.copyOf(whole, whole.length + 1))).isNull();
    }

    @Test
    void laterVersionIsRefused() throws IOException {
        byte[] later = FactLogFormatTest.golden("group-copy-1.bin");
        later[8] = 2;
        assertThatThrownBy(() -> decode(LogImages.fixCopyChecksums(later)))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("group.copy has version 2");
    }

    private static @Nullable GroupCopy decode(byte[] bytes) {
        return GroupCopyFormat.decode(MemorySegment.ofArray(bytes), "group.copy");
    }
}
