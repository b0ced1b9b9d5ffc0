package dev.quern.storage;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.quern.storage.BackupFormat.Manifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Decoders of what is in tiers, backups and the cache, for [FuzzTargets].
final class TierFuzz {
    private TierFuzz() {}

    /// Good inputs, by the name of the target.
    static Map<String, List<byte[]>> seeds() {
        try {
            byte[] manifest = GoldenTierTest.golden("backup-manifest-1.txt");
            List<byte[]> names =
                    GoldenTierTest.names().stream()
                            .map(line -> line.substring(0, line.indexOf('\t')))
                            .map(name -> name.getBytes(StandardCharsets.US_ASCII))
                            .toList();
            return Map.of(
                    "manifest", List.of(manifest),
                    "manifest-checked", List.of(manifest),
                    "cache", List.of(GoldenTierTest.golden("cache-range-1.range")),
                    "tier-name", names,
                    "tier-identity",
                            List.of(Chunks.text("quern-chunks 1 " + "0f".repeat(16) + "\n")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A manifest of a backup, which has one encoding only.
    static void manifest(byte[] bytes) {
        Manifest manifest = BackupFormat.decode(bytes, "fuzzed");
        FuzzTarget.require(manifest.info().files() == manifest.files().size(), "files");
        FuzzTarget.require(
                Arrays.equals(BackupFormat.encode(manifest), bytes),
                "another encoding of a manifest");
    }

    /// A manifest whose checksum is right.
    static void manifestChecked(byte[] bytes) {
        String text = new String(bytes, ISO_8859_1);
        String lines = text.substring(0, text.lastIndexOf("\nend ") + 1);
        ChunkId end = MemoryChunkStore.idOf(lines.getBytes(ISO_8859_1));
        manifest((lines + "end " + end.hex() + "\n").getBytes(ISO_8859_1));
    }

    /// A file of the cache: what passes for the range is the range.
    static void cache(byte[] bytes) {
        BlobRange range = GoldenTierTest.range();
        MemorySegment body = CacheFormat.body(MemorySegment.ofArray(bytes), range);
        FuzzTarget.require(body == null || body.byteSize() == range.length(), "range");
    }

    /// The name of a blob: what it says is what it is called by.
    static void name(byte[] bytes) {
        String name = new String(bytes, ISO_8859_1);
        TierStoreFormat.packId(name)
                .ifPresent(id -> FuzzTarget.require(TierStoreFormat.pack(id).equals(name), name));
        TierStoreFormat.retirement(name)
                .ifPresent(one -> FuzzTarget.require(one.blob().equals(name), name));
        TierStoreFormat.alive(name)
                .ifPresent(one -> FuzzTarget.require(one.blob().equals(name), name));
        BackupFormat.busy(name).ifPresent(one -> FuzzTarget.require(one.blob().equals(name), name));
        FuzzTarget.require(!TierStoreFormat.isMember(name) || TierNames.isValid(name), name);
    }

    /// What says which store a tier has.
    static void identity(byte[] bytes) {
        String identity = TierStoreFormat.checked(bytes, "fuzzed");
        FuzzTarget.require(identity.length() == 32, identity);
    }
}
