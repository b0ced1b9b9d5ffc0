package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.storage.BackupFormat.Busy;
import dev.quern.storage.BackupFormat.FileEntry;
import dev.quern.storage.BackupFormat.Manifest;
import dev.quern.storage.TierStoreFormat.Alive;
import dev.quern.storage.TierStoreFormat.Retirement;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// What is in tiers, backups and caches of the first versions stays readable, and is written the
/// same.
final class GoldenTierTest {
    private static final Instant NOW = Instant.parse("2026-03-04T05:06:07Z");

    /// Names of blobs and what is in them, where that is short: `name TAB text` on each line.
    static List<String> names() throws IOException {
        return new String(golden("tier-names-1.txt"), StandardCharsets.US_ASCII).lines().toList();
    }

    static byte[] golden(String name) throws IOException {
        return FactLogFormatTest.golden(name);
    }

    static Manifest manifest() {
        List<FileEntry> files =
                List.of(
                        new FileEntry(
                                "1a".repeat(32),
                                65_536,
                                BackupFormat.PACKS + "0000000000000001.pack"),
                        new FileEntry(
                                "2b".repeat(32), 320, BackupFormat.PACKS + "0000000000000002.idx"),
                        new FileEntry(
                                "3c".repeat(32),
                                8 << 20,
                                BackupFormat.PACKS + "0000000000000002.run"),
                        new FileEntry("4d".repeat(32), 1000, BackupFormat.FACTS));
        StateHash hash = StateHash.parse("00112233445566778899aabbccddeeff");
        long bytes = files.stream().mapToLong(FileEntry::sizeBytes).sum();
        return new Manifest(
                new BackupInfo(
                        "20260304T050607Z-0a1b2c3d",
                        NOW,
                        new LogPosition(42, hash),
                        files.size(),
                        bytes),
                files);
    }

    /// The range of the golden file of the cache, and what is in it.
    static BlobRange range() {
        return new BlobRange(TierStoreFormat.pack(0x1234_5678_9abcL), 4096, 100);
    }

    static byte[] rangeBytes() {
        return Chunks.bytes(5, 100);
    }

    @Test
    void manifestOfVersionOne() throws IOException {
        byte[] golden = golden("backup-manifest-1.txt");
        assertThat(BackupFormat.decode(golden, "golden")).isEqualTo(manifest());
        assertThat(BackupFormat.encode(manifest())).isEqualTo(golden);
    }

    @Test
    void aLaterManifestIsRefused() throws IOException {
        String later =
                new String(golden("backup-manifest-1.txt"), StandardCharsets.US_ASCII)
                        .replace("quern-backup 1", "quern-backup 2");
        String lines = later.substring(0, later.indexOf("end "));
        ChunkId end = MemoryChunkStore.idOf(lines.getBytes(StandardCharsets.US_ASCII));
        byte[] whole = (lines + "end " + end.hex() + "\n").getBytes(StandardCharsets.US_ASCII);
        assertThatThrownBy(() -> BackupFormat.decode(whole, "later"))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining("version 2");
    }

    @Test
    void cacheFileOfVersionOne() throws IOException {
        byte[] golden = golden("cache-range-1.range");
        MemorySegment body =
                Objects.requireNonNull(CacheFormat.body(MemorySegment.ofArray(golden), range()));
        assertThat(body.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(rangeBytes());
        assertThat(golden).startsWith(CacheFormat.header(range(), body).array());
        assertThat(CacheFormat.id(range())).isEqualTo("91bf285e748188dad0351632c1114f98");
    }

    @Test
    void namesOfVersionOne() throws IOException {
        Retirement retirement = new Retirement(0x1234_5678_9abcL, NOW);
        Busy backup = Busy.of(Busy.Kind.BACKUP, NOW, new Random(1));
        Busy removal = Busy.of(Busy.Kind.REMOVAL, NOW, new Random(2));
        String member = TierStoreFormat.newMember(new Random(4));
        Alive alive = new Alive(member, NOW);
        assertThat(names())
                .containsExactly(
                        TierStoreFormat.STORE
                                + "\t"
                                + text(TierStoreFormat.identity(new Random(3))),
                        member + "\t" + text(TierStoreFormat.member()),
                        alive.blob() + "\t" + text(TierStoreFormat.alive()),
                        TierStoreFormat.pack(0x1234_5678_9abcL) + "\t",
                        retirement.blob() + "\t" + text(TierStoreFormat.retired()),
                        backup.blob() + "\t" + text(BackupFormat.busy()),
                        removal.blob() + "\t" + text(BackupFormat.busy()));
        assertThat(TierStoreFormat.isMember(member)).isTrue();
        assertThat(TierStoreFormat.isMember(alive.blob())).isFalse();
        assertThat(TierStoreFormat.alive(alive.blob())).contains(alive);
        assertThat(TierStoreFormat.retirement(retirement.blob())).contains(retirement);
        assertThat(BackupFormat.busy(backup.blob())).contains(backup);
        assertThat(BackupFormat.busy(removal.blob())).contains(removal);
        assertThat(TierStoreFormat.packId(TierStoreFormat.pack(0x1234_5678_9abcL)))
                .isEqualTo(OptionalLong.of(0x1234_5678_9abcL));
    }

    private static String text(byte[] line) {
        return new String(line, StandardCharsets.US_ASCII).strip();
    }
}
