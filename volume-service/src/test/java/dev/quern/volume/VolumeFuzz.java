package dev.quern.volume;

import static dev.quern.storage.FuzzTarget.require;

import dev.quern.storage.ChunkId;
import dev.quern.storage.FuzzSuite;
import dev.quern.storage.FuzzTarget;
import dev.quern.volume.ChunkListFormat.Child;
import dev.quern.volume.DirectoryNode.Index;
import dev.quern.volume.DirectoryNode.Leaf;
import dev.quern.volume.DirectoryNode.LeafRef;
import dev.quern.volume.StagedFormat.Change;
import dev.quern.volume.StagedFormat.Put;
import dev.quern.volume.StagedFormat.Remove;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The decoders of volumes. Each value has one encoding: what is decoded encodes to the same bytes.
public final class VolumeFuzz implements FuzzSuite {
    private static final ChunkId A = new ChunkId("aa".repeat(32));
    private static final ChunkId B = new ChunkId("bb".repeat(32));
    private static final CommitId COMMIT = CommitId.of(A);
    private static final String VOLUME = "0123456789abcdef0123456789abcdef";

    /// Needs nothing.
    public VolumeFuzz() {}

    @Override
    public String module() {
        return "volume-service";
    }

    @Override
    public List<FuzzTarget> targets() {
        return List.of(
                target("volume-directory", VolumeFuzz::directory, directories()),
                target("volume-chunk-list", VolumeFuzz::chunkList, chunkLists()),
                target("volume-commit", VolumeFuzz::commit, commits()),
                target("volume-staged", VolumeFuzz::staged, changes()),
                target(
                        "volume",
                        VolumeFuzz::volume,
                        List.of(VolumeFormat.encode(VOLUME, Instant.EPOCH))),
                target("volume-ref", VolumeFuzz::ref, List.of(VolumeFormat.encodeRef(COMMIT))));
    }

    private static FuzzTarget target(String name, FuzzTarget.Decoder decoder, List<byte[]> seeds) {
        return new FuzzTarget(name, "at byte", decoder, seeds);
    }

    private static List<byte[]> directories() {
        Leaf leaf =
                new Leaf(
                        List.of(
                                new Entry.File("a", new Content(A, false, 3), 5),
                                new Entry.File("b", new Content(B, true, 1 << 24), -1),
                                new Entry.File("z", Content.EMPTY, 0),
                                new Entry.Directory("ü", A, 2, 9)));
        Index index = new Index(List.of(new LeafRef("a", A, 64, 100), new LeafRef("n", B, 1, 0)));
        return List.of(
                DirectoryFormat.encode(leaf),
                DirectoryFormat.encode(index),
                DirectoryFormat.encode(new Leaf(List.of())));
    }

    private static List<byte[]> chunkLists() {
        List<Child> children = List.of(new Child(A, 7_000_000), new Child(B, 1));
        return List.of(
                ChunkListFormat.encode(new ChunkListFormat.Node(0, children)),
                ChunkListFormat.encode(new ChunkListFormat.Node(4, children)));
    }

    private static List<byte[]> commits() {
        Optional<CommitId> parent = Optional.of(COMMIT);
        return List.of(
                CommitFormat.encode(new Commit(VOLUME, parent, A, Instant.EPOCH, "hé", 3, 12)),
                CommitFormat.encode(
                        new Commit(VOLUME, Optional.empty(), A, Instant.EPOCH, "", 0, 0)));
    }

    private static List<byte[]> changes() {
        VolumePath path = VolumePath.parse("a/ü");
        return List.of(
                StagedFormat.encode(new Put(path, new Content(A, true, 258), 7)),
                StagedFormat.encode(new Put(path, Content.EMPTY, -7)),
                StagedFormat.encode(new Remove(VolumePath.ROOT, true)),
                StagedFormat.encode(new Remove(path, false)));
    }

    private static void directory(byte[] bytes) {
        same(DirectoryFormat.encode(DirectoryFormat.decode(bytes, A)), bytes);
    }

    private static void chunkList(byte[] bytes) {
        ChunkListFormat.Node node = ChunkListFormat.decode(bytes, A);
        require(node.lengthBytes() > 0, "length of a chunk list");
        same(ChunkListFormat.encode(node), bytes);
    }

    private static void commit(byte[] bytes) {
        same(CommitFormat.encode(CommitFormat.decode(bytes, COMMIT)), bytes);
    }

    private static void staged(byte[] bytes) {
        Change change = StagedFormat.decode(bytes, "s");
        require(!(change instanceof Put put) || !put.path().isRoot(), "a put of the root");
        same(StagedFormat.encode(change), bytes);
    }

    private static void volume(byte[] bytes) {
        VolumeFormat.Volume volume = VolumeFormat.decode("v", 1, bytes);
        same(VolumeFormat.encode(volume.id(), volume.createdAt()), bytes);
    }

    private static void ref(byte[] bytes) {
        same(VolumeFormat.encodeRef(VolumeFormat.decodeRef("v", bytes)), bytes);
    }

    private static void same(byte[] encoded, byte[] bytes) {
        require(Arrays.equals(encoded, bytes), "another encoding");
    }
}
