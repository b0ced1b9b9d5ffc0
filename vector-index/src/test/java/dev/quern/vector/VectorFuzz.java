package dev.quern.vector;

import static dev.quern.storage.FuzzTarget.require;

import dev.quern.storage.ChunkId;
import dev.quern.storage.FuzzSuite;
import dev.quern.storage.FuzzTarget;
import dev.quern.storage.MetaLog;
import dev.quern.vector.CheckpointFormat.Checkpoint;
import dev.quern.vector.CheckpointFormat.SavedFile;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The decoders of collections. Counts have more than one form, so that a value is encoded and read
/// once more instead of compared by its bytes.
public final class VectorFuzz implements FuzzSuite {
    private static final ChunkId ID = ChunkId.of(new byte[32]);

    /// Needs nothing.
    public VectorFuzz() {}

    @Override
    public String module() {
        return "vector-index";
    }

    @Override
    public List<FuzzTarget> targets() {
        return List.of(
                target("vector-write", VectorFuzz::write, writes()),
                target("vector-row", VectorFuzz::row, rows()),
                target("vector-tail", VectorFuzz::tail, tails()),
                target("vector-checkpoint", VectorFuzz::checkpoint, checkpoints()),
                target("vector-manifest", VectorFuzz::manifest, manifests()),
                target("vector-definition", VectorFuzz::definition, definitions()),
                target("vector-alias", VectorFuzz::alias, aliases()),
                target("vector-snapshot", VectorFuzz::snapshot, snapshots()),
                target("vector-history", VectorFuzz::point, points()),
                target("vector-schema", VectorFuzz::schema, schemas()));
    }

    private static FuzzTarget target(String name, FuzzTarget.Decoder decoder, List<byte[]> seeds) {
        return new FuzzTarget(name, "at offset", decoder, seeds);
    }

    private static List<byte[]> rows() {
        return List.of(
                RowFormat.encodeStored(FormatsTest.batch().upserts().getFirst()),
                GoldenFormatsTest.golden("row-v1"));
    }

    private static List<byte[]> writes() {
        return List.of(
                WriteFormat.encode(FormatsTest.batch()),
                WriteFormat.encode(new WriteBatch(List.of(), List.of(), Optional.empty())),
                GoldenFormatsTest.golden("write-v1"),
                GoldenFormatsTest.golden("write-v2"));
    }

    private static List<byte[]> tails() {
        return List.of(
                TailFormat.encode(
                        new TailFormat.Written(7, new TailFormat.Entry.Inline(new byte[] {1}))),
                TailFormat.encode(
                        new TailFormat.Written(7, new TailFormat.Entry.InChunks(List.of(ID, ID)))));
    }

    private static List<byte[]> checkpoints() {
        return List.of(CheckpointFormat.encode(new Checkpoint(9, 8, "0123", ID)));
    }

    private static List<byte[]> manifests() {
        return List.of(
                CheckpointFormat.encodeManifest(
                        List.of(
                                new SavedFile("_0.cfs", 7, List.of(ID)),
                                new SavedFile("segments_1", 0, List.of()))));
    }

    private static List<byte[]> definitions() {
        return List.of(
                DefinitionFormat.encode(FormatsTest.definition()),
                GoldenFormatsTest.golden("definition-v1"),
                GoldenFormatsTest.golden("definition-v2"));
    }

    private static List<byte[]> aliases() {
        return List.of(AliasFormat.encode("docs"));
    }

    private static List<byte[]> snapshots() {
        return List.of(SnapshotFormat.encode(FormatsTest.snapshot()));
    }

    private static List<byte[]> points() {
        return List.of(
                HistoryFormat.encode(FormatsTest.point()),
                HistoryFormat.encode(HistoryFormat.Point.empty(Instant.EPOCH)));
    }

    private static void point(byte[] bytes) {
        byte[] encoded =
                HistoryFormat.encode(HistoryFormat.decode(FormatsTest.pointFact(9, bytes)));
        same(
                encoded,
                HistoryFormat.encode(HistoryFormat.decode(FormatsTest.pointFact(9, encoded))));
    }

    private static List<byte[]> schemas() {
        return List.of(
                SchemaFormat.encode(FormatsTest.tuned()),
                GoldenFormatsTest.golden("schema-v3"),
                GoldenFormatsTest.golden("attributes-v1"));
    }

    private static MetaLog.Fact fact(byte[] value) {
        return new MetaLog.Fact(Keys.definition("docs"), 5, value);
    }

    private static void write(byte[] bytes) {
        WriteBatch batch = WriteFormat.decode(bytes);
        byte[] encoded = WriteFormat.encode(batch);
        same(encoded, WriteFormat.encode(WriteFormat.decode(encoded)));
    }

    private static void row(byte[] bytes) {
        byte[] encoded = RowFormat.encodeStored(RowFormat.decodeStored(bytes));
        same(encoded, RowFormat.encodeStored(RowFormat.decodeStored(encoded)));
    }

    private static void tail(byte[] bytes) {
        byte[] encoded = TailFormat.encode(TailFormat.decode(bytes));
        same(encoded, TailFormat.encode(TailFormat.decode(encoded)));
    }

    private static void checkpoint(byte[] bytes) {
        Checkpoint checkpoint = CheckpointFormat.decode(bytes);
        require(checkpoint.rows() >= 0, "rows of a checkpoint");
        equal(checkpoint, CheckpointFormat.decode(CheckpointFormat.encode(checkpoint)));
    }

    private static void manifest(byte[] bytes) {
        List<SavedFile> files = CheckpointFormat.decodeManifest(bytes);
        equal(files, CheckpointFormat.decodeManifest(CheckpointFormat.encodeManifest(files)));
    }

    private static void definition(byte[] bytes) {
        Definition definition = DefinitionFormat.decode(Rig.SPACE, fact(bytes));
        byte[] encoded = DefinitionFormat.encode(definition);
        equal(definition.id(), DefinitionFormat.decode(Rig.SPACE, fact(encoded)).id());
    }

    private static void alias(byte[] bytes) {
        String collection = AliasFormat.decode(fact(bytes));
        equal(collection, AliasFormat.decode(fact(AliasFormat.encode(collection))));
    }

    private static void snapshot(byte[] bytes) {
        SnapshotFormat.Kept kept = SnapshotFormat.decode(fact(bytes));
        equal(kept, SnapshotFormat.decode(fact(SnapshotFormat.encode(kept))));
    }

    /// In a collection of version 1, so that bytes of version 1 can be read, too.
    private static void schema(byte[] bytes) {
        Definition first =
                DefinitionFormat.decode(Rig.SPACE, fact(GoldenFormatsTest.golden("definition-v1")));
        Schema schema = SchemaFormat.decode(first, fact(bytes));
        equal(schema, SchemaFormat.decode(first, fact(SchemaFormat.encode(schema))));
    }

    private static void same(byte[] once, byte[] again) {
        require(Arrays.equals(once, again), "another value after it was encoded");
    }

    private static void equal(Object value, Object again) {
        require(value.equals(again), "another value after it was encoded: " + again);
    }
}
