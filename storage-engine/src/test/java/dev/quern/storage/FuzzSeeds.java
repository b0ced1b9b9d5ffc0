package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static java.util.Map.entry;

import com.github.luben.zstd.Zstd;
import dev.quern.storage.Txn.Condition;
import dev.quern.storage.Txn.Mutation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Good inputs for each of the [FuzzTargets], to begin from.
final class FuzzSeeds {
    private FuzzSeeds() {}

    private static byte[] golden(String name) {
        try {
            return FactLogFormatTest.golden(name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// By the name of the target.
    static Map<String, List<byte[]>> all() {
        Key key = Key.of("a", "b");
        Txn txn =
                Txn.in(SPACE)
                        .when(new Condition.Absent(key))
                        .when(new Condition.Exists(key))
                        .when(new Condition.Version(key, 258))
                        .put(key, text("v"))
                        .then(new Mutation.Append(key, text("")))
                        .delete(key)
                        .then(new Mutation.DeleteThrough(key, key.child("c")))
                        .require(MemoryChunkStore.idOf(text("")))
                        .build();
        List<byte[]> packs =
                List.of(
                        PackImages.pack(true, text("one"), Chunks.bytes(1, 100)),
                        PackImages.pack(false, text("one"), Chunks.bytes(2, 50)),
                        PackImages.pack(true));
        byte[] text = text("the same words and the same words again ".repeat(20));
        byte[] packed = Zstd.compress(text, 1);
        byte[] codec = new byte[packed.length + 3];
        codec[0] = 1;
        codec[1] = (byte) ((text.length - 1) >> 8);
        codec[2] = (byte) (text.length - 1);
        System.arraycopy(packed, 0, codec, 3, packed.length);
        List<byte[]> logs = List.of(LogImages.segment(txn, txn), LogImages.segment());
        List<byte[]> runs = List.of(PackImages.run(5, 7, 1), PackImages.run(1));
        Map<String, List<byte[]>> all = new HashMap<>(TierFuzz.seeds());
        all.putAll(
                Map.ofEntries(
                        entry("transaction", List.of(TxnFormat.encode(txn))),
                        entry("key", List.of(KeyFormat.encode(key))),
                        entry("fact", List.of(FactFormat.value(3, text("value")))),
                        entry("pack", packs),
                        entry("pack-checked", packs),
                        entry("codec", List.of(codec)),
                        entry("sealed", List.of(Chunks.bytes(1, 40))),
                        entry("log", logs),
                        entry("log-checked", logs),
                        entry("group-copy", List.of(golden("group-copy-1.bin"))),
                        entry("group-copy-checked", List.of(golden("group-copy-1.bin"))),
                        entry("run", runs),
                        entry("run-checked", runs),
                        entry("snapshot", List.of(golden("fact-snapshot-1.bin")))));
        return all;
    }
}
