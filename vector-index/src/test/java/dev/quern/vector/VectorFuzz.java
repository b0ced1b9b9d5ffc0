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
import java.util.Map;
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
        Row row = row();
        return List.of(
                target("vector-write", VectorFuzz::write, writes(row)),
                target("vector-row", VectorFuzz::row, List.of(RowFormat.encodeStored(row))),
                target("vector-tail", VectorFuzz::tail, tails()),
                target("vector-checkpoint", VectorFuzz::checkpoint, checkpoints()),
                target("vector-manifest", VectorFuzz::manifest, manifests()),
                target("vector-definition", VectorFuzz::definition, definitions()),
                target("vector-attributes", VectorFuzz::attributes, attributes()));
    }

    private static FuzzTarget target(String name, FuzzTarget.Decoder decoder, List<byte[]> seeds) {
        return new FuzzTarget(name, "at offset", decoder, seeds);
    }

    private static Row row() {
        Map<String, Object> attributes =
                Map.of("s", "x", "l", 1, "d", 2.5, "b", true, "t", List.of("p", ""));
        return new Row("a", Optional.of("text"), new float[] {1, -2}, attributes);
    }

    private static List<byte[]> writes(Row row) {
        Filter range =
                new Filter.Range(
                        "d", Optional.of(1L), Optional.empty(), Optional.empty(), Optional.of("z"));
        Filter filter =
                new Filter.And(
                        List.of(
                                new Filter.Not(new Filter.Eq("s", "y")),
                                new Filter.In("l", List.of(1L, 2.5)),
                                new Filter.Or(List.of(new Filter.Eq("b", false))),
                                range));
        return List.of(
                WriteFormat.encode(
                        new WriteBatch(List.of(row), List.of("gone"), Optional.of(filter)), 2),
                WriteFormat.encode(new WriteBatch(List.of(), List.of(), Optional.empty()), 0));
    }

    private static List<byte[]> tails() {
        return List.of(
                TailFormat.encode(new TailFormat.Entry.Inline(new byte[] {1})),
                TailFormat.encode(new TailFormat.Entry.InChunks(List.of(ID, ID))));
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
        String id = "0123456789abcdef";
        return List.of(
                DefinitionFormat.encode(
                        new Definition(
                                Rig.SPACE,
                                "docs",
                                id,
                                Instant.EPOCH,
                                2,
                                Metric.L2,
                                Optional.of("model"),
                                5)),
                DefinitionFormat.encode(
                        new Definition(
                                Rig.SPACE,
                                "docs",
                                id,
                                Instant.EPOCH,
                                16_384,
                                Metric.COSINE,
                                Optional.empty(),
                                5)));
    }

    private static List<byte[]> attributes() {
        return List.of(
                AttributesFormat.encode(
                        new AttributeTypes(
                                0, Map.of("a", AttributeType.LONG, "b", AttributeType.STRINGS))));
    }

    private static MetaLog.Fact fact(byte[] value) {
        return new MetaLog.Fact(Keys.definition("docs"), 5, value);
    }

    private static void write(byte[] bytes) {
        WriteBatch batch = WriteFormat.decode(bytes);
        int dims = batch.upserts().isEmpty() ? 0 : batch.upserts().getFirst().vector().length;
        byte[] encoded = WriteFormat.encode(batch, dims);
        same(encoded, WriteFormat.encode(WriteFormat.decode(encoded), dims));
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
        equal(definition, DefinitionFormat.decode(Rig.SPACE, fact(encoded)));
    }

    private static void attributes(byte[] bytes) {
        AttributeTypes types = AttributesFormat.decode(fact(bytes));
        equal(types, AttributesFormat.decode(fact(AttributesFormat.encode(types))));
    }

    private static void same(byte[] once, byte[] again) {
        require(Arrays.equals(once, again), "another value after it was encoded");
    }

    private static void equal(Object value, Object again) {
        require(value.equals(again), "another value after it was encoded: " + again);
    }
}
