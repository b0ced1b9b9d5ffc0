package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.storage.FactLogFormat.Header;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class FactLogFormatTest {
    private static final Header HEADER =
            new Header(7, 0x1122334455667788L, new StateHash(0xA1, 0xA2));

    private static final List<LogEntry> ENTRIES =
            List.of(
                    new LogEntry(7, 7, new StateHash(1, 2), txn("one")),
                    new LogEntry(8, 7, new StateHash(-1, -2), txn("a longer value")),
                    new LogEntry(9, 9, new StateHash(3, 4), txn("")));

    private static byte[] txn(String value) {
        return TxnFormat.encode(Txn.in(SPACE).put(Key.of("k"), text(value)).build());
    }

    /// A segment with the header and the entries, and room after them.
    static byte[] segment(Header header, List<LogEntry> entries, int sizeBytes) {
        ByteBuffer out = ByteBuffer.allocate(sizeBytes);
        FactLogFormat.putHeader(out, header);
        for (LogEntry entry : entries) {
            FactLogFormat.putEntry(out, out.position(), header.salt(), entry);
        }
        return out.array();
    }

    /// Version 1 as it lies on disks: never change this file, add one.
    @Test
    void versionOneIsAsItWas() throws IOException {
        byte[] golden = golden("fact-log-1.bin");
        assertThat(segment(HEADER, ENTRIES, 512)).isEqualTo(golden);

        MemorySegment bytes = MemorySegment.ofArray(golden);
        assertThat(FactLogFormat.header(bytes, 7, "golden")).isEqualTo(HEADER);
        assertThat(scan(bytes)).usingRecursiveComparison().isEqualTo(ENTRIES);
    }

    static byte[] golden(String name) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(
                        FactLogFormatTest.class.getResourceAsStream("/golden/" + name))) {
            return in.readAllBytes();
        }
    }

    private static List<LogEntry> scan(MemorySegment bytes) {
        List<LogEntry> found = new ArrayList<>();
        new LogScanner("test", bytes, HEADER).scan(Long.MAX_VALUE, (entry, _) -> found.add(entry));
        return found;
    }

    @Test
    void anyDamageToAnEntryIsSeen() {
        byte[] whole = segment(HEADER, ENTRIES, 512);
        int end = FactLogFormat.HEADER_BYTES;
        for (LogEntry entry : ENTRIES) {
            int start = end;
            end += FactLogFormat.sizeBytes(entry.txn().length);
            for (int at = start;
                    at < start + FactLogFormat.ENTRY_BYTES + entry.txn().length;
                    at++) {
                byte[] damaged = whole.clone();
                damaged[at] ^= 0x10;
                assertThat(
                                FactLogFormat.entry(
                                        MemorySegment.ofArray(damaged), start, HEADER.salt()))
                        .as("byte %d", at)
                        .isNull();
            }
        }
    }

    @Test
    void anEntryBelongsToOnePlace() {
        MemorySegment bytes = MemorySegment.ofArray(segment(HEADER, ENTRIES, 512));
        assertThat(FactLogFormat.entry(bytes, 64, HEADER.salt())).isNotNull();
        assertThat(FactLogFormat.entry(bytes, 64, HEADER.salt() + 1)).isNull();
        assertThat(FactLogFormat.entry(bytes.asSlice(8), 56, HEADER.salt())).isNull();
    }

    @Test
    void headerOfALaterVersionOrAnotherSegmentIsRefused() {
        byte[] bytes = segment(HEADER, List.of(), 64);
        assertThatThrownBy(() -> FactLogFormat.header(MemorySegment.ofArray(bytes), 8, "x.log"))
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining("x.log at offset 16");
        ByteBuffer later = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        later.putInt(8, 2).putInt(60, Checksums.crc32c(later.slice(0, 60)));
        assertThatThrownBy(() -> FactLogFormat.header(MemorySegment.ofArray(bytes), 7, "x.log"))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("version 2");
        bytes[30] ^= 1;
        assertThat(FactLogFormat.header(MemorySegment.ofArray(bytes), 7, "x.log")).isNull();
        assertThat(FactLogFormat.header(MemorySegment.ofArray(new byte[10]), 7, "x.log")).isNull();
    }

    /// Whatever lies in a segment, a scan gives a prefix of what was written.
    @Test
    void anyBytesGiveAPrefix() {
        byte[] whole = segment(HEADER, ENTRIES, 512);
        Random random = new Random(3);
        for (int i = 0; i < 20_000; i++) {
            byte[] any = whole.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                any[64 + random.nextInt(any.length - 64)] = (byte) random.nextInt();
            }
            List<LogEntry> found = scan(MemorySegment.ofArray(any));
            assertThat(found)
                    .usingRecursiveComparison()
                    .isEqualTo(ENTRIES.subList(0, found.size()));
        }
    }
}
