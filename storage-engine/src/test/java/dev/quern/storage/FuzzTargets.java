package dev.quern.storage;

import static dev.quern.storage.FuzzTarget.require;

import dev.quern.common.SpaceId;
import dev.quern.storage.BodyForm.Seal;
import dev.quern.storage.MetaLog.Fact;
import dev.quern.storage.PackFormat.Header;
import java.io.ByteArrayInputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/// Every decoder of the engine, with [FuzzSeeds].
public final class FuzzTargets implements FuzzSuite {
    private static final List<Target> TARGETS =
            List.of(
                    new Target("transaction", FuzzTargets::transaction),
                    new Target("key", FuzzTargets::key),
                    new Target("fact", FuzzTargets::fact),
                    new Target("pack", FuzzTargets::pack),
                    new Target("pack-checked", bytes -> pack(PackImages.fixChecksums(bytes))),
                    new Target("codec", FuzzTargets::codec),
                    new Target("sealed", FuzzTargets::sealed),
                    new Target("log", FuzzTargets::log),
                    new Target("log-checked", bytes -> log(LogImages.fixChecksums(bytes))),
                    new Target("group-copy", FuzzTargets::groupCopy),
                    new Target(
                            "group-copy-checked",
                            bytes -> groupCopy(LogImages.fixCopyChecksums(bytes))),
                    new Target("run", FuzzTargets::run),
                    new Target("run-checked", bytes -> run(PackImages.fixRun(bytes))),
                    new Target("snapshot", FuzzTargets::snapshot),
                    new Target("manifest", TierFuzz::manifest),
                    new Target("manifest-checked", TierFuzz::manifestChecked),
                    new Target("cache", TierFuzz::cache),
                    new Target("tier-name", TierFuzz::name),
                    new Target("tier-identity", TierFuzz::identity));

    private static final ChunkCodec CODEC = new ChunkCodec();
    private static final BodyCodec BODIES = new BodyCodec(true, new Random(1), new OneKey());

    /// Its name, and the decoder.
    private record Target(String name, FuzzTarget.Decoder decoder) {}

    /// Has the same key for all.
    private static final class OneKey implements SpaceKeys {
        private final DataKey key = new DataKey(1, new byte[DataKey.BYTES]);

        @Override
        public Optional<DataKey> current(SpaceId space) {
            return Optional.of(key);
        }

        @Override
        public DataKey get(SpaceId space, int keyId) {
            return key;
        }
    }

    @Override
    public String module() {
        return "storage-engine";
    }

    @Override
    public List<FuzzTarget> targets() {
        Map<String, List<byte[]>> seeds = FuzzSeeds.all();
        return TARGETS.stream()
                .map(target ->
                        new FuzzTarget(
                                target.name,
                                "",
                                target.decoder,
                                seeds.getOrDefault(target.name, List.of())))
                .toList();
    }

    private static void transaction(byte[] bytes) {
        Txn txn = TxnFormat.decode(bytes);
        require(Arrays.equals(TxnFormat.encode(txn), bytes), "another encoding of a transaction");
    }

    private static void key(byte[] bytes) {
        Key key = KeyFormat.decode(bytes, 0, bytes.length);
        require(Arrays.equals(KeyFormat.encode(key), bytes), "another encoding of a key");
    }

    /// As the database holds it: the first byte is the length of the key.
    private static void fact(byte[] bytes) {
        int length = bytes.length == 0 ? 0 : Math.min(bytes[0] & 0xFF, bytes.length - 1);
        byte[] prefix = FactFormat.key(Chunks.SPACE, Key.of("x"));
        byte[] key = Arrays.copyOf(prefix, prefix.length + length);
        System.arraycopy(bytes, Math.min(1, bytes.length), key, prefix.length, length);
        byte[] value = Arrays.copyOfRange(bytes, Math.min(bytes.length, 1 + length), bytes.length);
        Fact fact = FactFormat.fact(Chunks.SPACE, key, value);
        require(fact.value().length < value.length, "value of a fact");
    }

    /// A whole pack file: its header, its footer, and every record that a scan finds.
    private static void pack(byte[] bytes) {
        MemorySegment pack = MemorySegment.ofArray(bytes);
        Header header = PackFormat.header(pack, PackImages.ID, "fuzzed");
        if (header == null) {
            return;
        }
        List<PackRecord> records = new ArrayList<>();
        long used =
                new PackScanner("fuzzed", pack, header).scan(PackFormat.HEADER_BYTES, records::add);
        require(used >= PackFormat.HEADER_BYTES, "used bytes of a pack: " + used);
        for (PackRecord record : records) {
            require(record.offset() >= 0, "offset of a record: " + record);
            require(record.storedBytes() <= ChunkStore.MAX_CHUNK_BYTES, "length: " + record);
        }
    }

    /// A compressed body: 1 byte codec, 2 bytes length of the chunk, then the body.
    private static void codec(byte[] bytes) {
        if (bytes.length < 4) {
            return;
        }
        Codec codec = Codec.of(bytes[0] & 3);
        int rawBytes = 1 + (bytes[1] & 0xFF) * 256 + (bytes[2] & 0xFF);
        ByteBuffer body = ByteBuffer.wrap(bytes, 3, bytes.length - 3).slice();
        if (codec != null && codec != Codec.NONE) {
            CODEC.unpack(codec, body, rawBytes)
                    .ifPresent(raw -> require(raw.length == rawBytes, "length of a chunk"));
        }
    }

    /// An encrypted body under a key that is known.
    private static void sealed(byte[] bytes) {
        ChunkId id = MemoryChunkStore.idOf(bytes);
        int packed = Math.max(1, bytes.length - BodyForm.TAG_BYTES);
        int crc = Checksums.crc32c(ByteBuffer.wrap(bytes));
        Seal seal = new Seal(1, 2, 3);
        BodyForm form = new BodyForm(Codec.NONE, bytes.length, packed, crc, Optional.of(seal));
        if (form.isPlausible()) {
            PackRecord record = new PackRecord(32, PackFormat.RECORD_BYTES, Chunks.SPACE, id, form);
            BODIES.decode(record, MemorySegment.ofArray(bytes), Path.of("fuzzed"));
        }
    }

    /// A whole log segment, with the transactions of its entries.
    private static void log(byte[] bytes) {
        MemorySegment segment = MemorySegment.ofArray(bytes);
        FactLogFormat.Header header = FactLogFormat.header(segment, LogImages.FIRST, "fuzzed");
        if (header != null) {
            LogScanner scanner = new LogScanner("fuzzed", segment, header);
            List<LogEntry> entries = new ArrayList<>();
            LogScanner.End end = scanner.scan(Long.MAX_VALUE, (entry, _) -> entries.add(entry));
            require(end.nextIndex(header) == LogImages.FIRST + entries.size(), "entries");
            entries.forEach(entry -> TxnFormat.decode(entry.txn()));
            scanner.requireLast(end);
        }
    }

    /// The copy of a group, at whose place it is found again.
    private static void groupCopy(byte[] bytes) {
        GroupCopy copy = GroupCopyFormat.decode(MemorySegment.ofArray(bytes), "fuzzed");
        if (copy != null) {
            require(copy.endOffset() - copy.offset() == copy.bytes().length, "length of a group");
            byte[] again = GroupCopyFormat.encode(copy);
            GroupCopy same = GroupCopyFormat.decode(MemorySegment.ofArray(again), "encoded");
            require(same != null && same.isSame(copy), "another copy of a group");
        }
    }

    /// A whole snapshot, read into an empty table.
    private static void snapshot(byte[] bytes) {
        LossyFactTable table = new LossyFactTable();
        LogPosition position = FactSnapshot.importInto(table, new ByteArrayInputStream(bytes));
        require(position.index() >= 0, "position of a snapshot: " + position);
    }

    /// The table of a run.
    private static void run(byte[] bytes) {
        MemorySegment segment = MemorySegment.ofArray(bytes);
        RunFormat.Table table = RunFormat.table(segment, PackImages.ID, "fuzzed");
        if (table != null) {
            long end = 0;
            for (int i = 0; i < table.chunks(); i++) {
                PackRecord record = table.record(i);
                require(record.offset() == end, "offset in a run");
                end = record.bodyEnd();
            }
            require(end == table.lengthBytes(), "length of a run");
        }
    }
}
