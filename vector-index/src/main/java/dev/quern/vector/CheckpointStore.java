package dev.quern.vector;

import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkLease;
import dev.quern.storage.ChunkPins;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import dev.quern.vector.CheckpointFormat.Checkpoint;
import dev.quern.vector.CheckpointFormat.SavedFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.util.IOUtils;

/// Checkpoints: an index's files as chunks, named by one fact whose transaction also cuts the tail.
/// Files of an index are written once, so a file that the last checkpoint holds is not put again.
/// Thread-safe.
final class CheckpointStore {
    private final ChunkStore chunks;
    private final MetaLog facts;

    CheckpointStore(ChunkStore chunks, MetaLog facts) {
        this.chunks = chunks;
        this.facts = facts;
    }

    /// A checkpoint as the log has it.
    ///
    /// @param version log index of its fact
    /// @param files its files by name
    record Saved(Checkpoint checkpoint, long version, Map<String, SavedFile> files) {
        Saved {
            files = Map.copyOf(files);
        }
    }

    /// The checkpoint without its files; enough to know what it covers.
    Optional<Checkpoint> findFact(Definition definition) {
        return facts.find(definition.space(), Keys.checkpoint(definition.id()))
                .map(fact -> CheckpointFormat.decode(fact.value()));
    }

    Optional<Saved> find(Definition definition) {
        Optional<MetaLog.Fact> fact =
                facts.find(definition.space(), Keys.checkpoint(definition.id()));
        if (fact.isEmpty()) {
            return Optional.empty();
        }
        Checkpoint checkpoint = CheckpointFormat.decode(fact.get().value());
        return Optional.of(
                new Saved(checkpoint, fact.get().version(), byName(files(definition, checkpoint))));
    }

    private List<SavedFile> files(Definition definition, Checkpoint checkpoint) {
        try {
            return CheckpointFormat.decodeManifest(
                    chunks.read(definition.space(), checkpoint.manifest()));
        } catch (QuernException e) {
            throw WriteLog.unreadable(
                    "collection \"" + definition.name() + "\", checkpoint manifest", e);
        }
    }

    private static Map<String, SavedFile> byName(List<SavedFile> files) {
        Map<String, SavedFile> byName = new HashMap<>();
        files.forEach(file -> byName.put(file.name(), file));
        return byName;
    }

    /// What a checkpoint is made from.
    ///
    /// @param directory holds the files, which do not change meanwhile
    /// @param token every write up to it is in the files
    record Snapshot(
            Path directory, Collection<String> files, long token, long rows, String commitId) {}

    /// Saves a checkpoint and cuts the tail through its token.
    ///
    /// @param previous the checkpoint before
    /// @throws QuernException `CONFLICT` if the collection is gone or another checkpoint came first
    Saved save(Definition definition, Optional<Saved> previous, Snapshot snapshot)
            throws IOException {
        try (ChunkPins _ = chunks.pinWrites(definition.space())) {
            return put(definition, previous, snapshot);
        }
    }

    private Saved put(Definition definition, Optional<Saved> previous, Snapshot snapshot)
            throws IOException {
        List<SavedFile> files = new ArrayList<>();
        for (String name : snapshot.files()) {
            SavedFile known = previous.map(saved -> saved.files().get(name)).orElse(null);
            files.add(known == null ? put(definition, snapshot.directory().resolve(name)) : known);
        }
        byte[] manifest = CheckpointFormat.encodeManifest(files);
        ChunkId manifestId = chunks.put(definition.space(), MemorySegment.ofArray(manifest)).id();
        chunks.sync();
        Checkpoint checkpoint =
                new Checkpoint(snapshot.token(), snapshot.rows(), snapshot.commitId(), manifestId);
        long version = facts.commit(cut(definition, previous, checkpoint));
        return new Saved(checkpoint, version, byName(files));
    }

    private static Txn cut(Definition definition, Optional<Saved> previous, Checkpoint checkpoint) {
        Key key = Keys.checkpoint(definition.id());
        return Txn.in(definition.space())
                .when(WriteLog.exists(definition))
                .when(
                        previous.<Txn.Condition>map(
                                        p -> new Txn.Condition.Version(key, p.version()))
                                .orElseGet(() -> new Txn.Condition.Absent(key)))
                .put(key, CheckpointFormat.encode(checkpoint))
                .then(
                        new Txn.Mutation.DeleteThrough(
                                Keys.tail(definition.id()),
                                Keys.tailThrough(definition.id(), checkpoint.token())))
                .require(checkpoint.manifest())
                .build();
    }

    private SavedFile put(Definition definition, Path file) throws IOException {
        List<ChunkId> pieces = new ArrayList<>();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                Arena arena = Arena.ofConfined()) {
            long size = channel.size();
            for (long at = 0; at < size; at += CheckpointFormat.PIECE_BYTES) {
                long length = Math.min(CheckpointFormat.PIECE_BYTES, size - at);
                MemorySegment piece = channel.map(FileChannel.MapMode.READ_ONLY, at, length, arena);
                pieces.add(chunks.put(definition.space(), piece).id());
            }
            return new SavedFile(file.getFileName().toString(), size, pieces);
        }
    }

    /// Makes a directory of the checkpoint's files, in place of what is there.
    ///
    /// @throws QuernException `CORRUPT` naming the file and the chunk that is missing or damaged
    void restore(Definition definition, Saved saved, Path directory) throws IOException {
        Path half = directory.resolveSibling(directory.getFileName() + ".restore");
        IOUtils.rm(half, directory);
        Files.createDirectories(half);
        for (SavedFile file : saved.files().values()) {
            restoreFile(definition, file, half.resolve(file.name()));
        }
        IOUtils.fsync(half, true);
        Files.move(half, directory, StandardCopyOption.ATOMIC_MOVE);
    }

    private void restoreFile(Definition definition, SavedFile file, Path path) throws IOException {
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (ChunkId id : file.pieces()) {
                try (ChunkLease lease = chunks.open(definition.space(), id)) {
                    ByteBuffer bytes = lease.bytes().asByteBuffer();
                    while (bytes.hasRemaining()) {
                        channel.write(bytes);
                    }
                } catch (QuernException e) {
                    throw WriteLog.unreadable(
                            "collection \""
                                    + definition.name()
                                    + "\", checkpoint file "
                                    + file.name(),
                            e);
                }
            }
            if (channel.size() != file.sizeBytes()) {
                throw QuernException.corrupt(
                        "collection \""
                                + definition.name()
                                + "\", checkpoint file "
                                + file.name()
                                + " has "
                                + channel.size()
                                + " bytes, expected "
                                + file.sizeBytes());
            }
        }
    }
}
