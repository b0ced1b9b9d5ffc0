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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.util.IOUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Checkpoints: an index's files as chunks, named by one fact. Its transaction also cuts the tail,
/// or makes a point of the history. Files of an index are written once, so a file that the last
/// checkpoint holds is not put again. Thread-safe.
final class CheckpointStore {
    private static final Logger log = LoggerFactory.getLogger(CheckpointStore.class);

    private final ChunkStore chunks;
    private final MetaLog facts;
    private final History history;

    /// @param history has what becomes of the tail that a checkpoint covers
    CheckpointStore(ChunkStore chunks, MetaLog facts, History history) {
        this.chunks = chunks;
        this.facts = facts;
        this.history = history;
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
    /// @param through the last write of which the files may hold a part
    /// @param tailBytes framed, of the writes up to the token since the last checkpoint
    record Snapshot(
            Path directory,
            LuceneIndex.Committed committed,
            long token,
            long through,
            long tailBytes,
            String commitId) {}

    /// What a transaction that saves a checkpoint does beside that.
    interface Addition {
        /// Nothing.
        Addition NONE = (_, _) -> {};

        /// Adds conditions and mutations. Chunks that it puts are durable before the transaction.
        void to(Txn.Builder txn, Content content);
    }

    /// A checkpoint that is about to be saved.
    ///
    /// @param bytes of its files
    record Content(Checkpoint checkpoint, long bytes) {}

    /// Saves a checkpoint, and cuts the tail through its token unless there is a history.
    ///
    /// @param previous the checkpoint before
    /// @param addition becomes true in the same moment
    /// @throws QuernException `CONFLICT` if the collection is gone, another checkpoint came first,
    ///   or a condition of the addition does not hold
    Saved save(
            Definition definition, Optional<Saved> previous, Snapshot snapshot, Addition addition)
            throws IOException {
        try (ChunkPins _ = chunks.pinWrites(definition.space())) {
            return put(definition, previous, snapshot, addition);
        } finally {
            purge(definition);
        }
    }

    private void purge(Definition definition) {
        try {
            var _ = history.purge(definition.space(), definition.id());
        } catch (QuernException e) {
            // The next one goes on.
            log.debug("history of {} stays for now: {}", definition.name(), e.toString());
        }
    }

    private Saved put(
            Definition definition, Optional<Saved> previous, Snapshot snapshot, Addition addition)
            throws IOException {
        Map<String, SavedFile> known = previous.map(Saved::files).orElse(Map.of());
        List<SavedFile> files = new ArrayList<>();
        Checkpoint checkpoint = put(definition, known, snapshot, files);
        Txn.Builder txn = renewed(definition, previous, checkpoint);
        history.checkpoint(txn, definition, checkpoint, snapshot.through(), snapshot.tailBytes());
        addition.to(txn, new Content(checkpoint, bytes(files)));
        chunks.sync();
        long version = facts.commit(txn.build());
        return new Saved(checkpoint, version, byName(files));
    }

    /// Puts an index's files and their manifest; the caller holds a pin and syncs.
    ///
    /// @param known files that are there
    /// @param files receives all
    private Checkpoint put(
            Definition definition,
            Map<String, SavedFile> known,
            Snapshot snapshot,
            List<SavedFile> files)
            throws IOException {
        for (String name : snapshot.committed().files()) {
            SavedFile there = known.get(name);
            files.add(there == null ? put(definition, snapshot.directory().resolve(name)) : there);
        }
        byte[] manifest = CheckpointFormat.encodeManifest(files);
        ChunkId manifestId = chunks.put(definition.space(), MemorySegment.ofArray(manifest)).id();
        return new Checkpoint(
                snapshot.token(),
                snapshot.committed().rows(),
                snapshot.committed().expires(),
                snapshot.commitId(),
                manifestId);
    }

    /// Stores an index that is no collection's own, for a fact to name its checkpoint. The caller
    /// holds a pin on its writes until then.
    ///
    /// @param known files that are there
    Content put(Definition definition, Map<String, SavedFile> known, Snapshot snapshot)
            throws IOException {
        List<SavedFile> files = new ArrayList<>();
        Checkpoint checkpoint = put(definition, known, snapshot, files);
        chunks.sync();
        return new Content(checkpoint, bytes(files));
    }

    private static long bytes(List<SavedFile> files) {
        return files.stream().mapToLong(SavedFile::sizeBytes).sum();
    }

    private static Txn.Builder renewed(
            Definition definition, Optional<Saved> previous, Checkpoint checkpoint) {
        Key key = Keys.checkpoint(definition.id());
        return Txn.in(definition.space())
                .when(Catalog.alive(definition))
                .when(
                        previous.<Txn.Condition>map(
                                        p -> new Txn.Condition.Version(key, p.version()))
                                .orElseGet(() -> new Txn.Condition.Absent(key)))
                .put(key, CheckpointFormat.encode(checkpoint))
                .require(checkpoint.manifest());
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

    /// Reads the files of a checkpoint that may be kept elsewhere than in the collection's fact.
    ///
    /// @param version of the fact that keeps it
    Saved read(Definition definition, Checkpoint checkpoint, long version) {
        return new Saved(checkpoint, version, byName(files(definition, checkpoint)));
    }

    /// A directory with files of an index that are never changed, to take them from.
    ///
    /// @param files those of a checkpoint that lie in it; others may, too
    record Donor(Path directory, Map<String, SavedFile> files) {}

    /// Makes a directory of the checkpoint's files, in place of what is there.
    ///
    /// @param donor gives the files that are the same as hard links, unless it lost them
    /// @throws QuernException `CORRUPT` naming the file and the chunk that is missing or damaged
    void restore(Definition definition, Saved saved, Path directory, Optional<Donor> donor)
            throws IOException {
        Path half = directory.resolveSibling(directory.getFileName() + ".restore");
        IOUtils.rm(half);
        Files.createDirectories(half);
        for (SavedFile file : saved.files().values()) {
            Path path = half.resolve(file.name());
            if (donor.isEmpty() || !link(donor.get(), file, path)) {
                restoreFile(definition, file, path);
            }
        }
        IOUtils.fsync(half, true);
        IOUtils.rm(directory);
        Files.move(half, directory, StandardCopyOption.ATOMIC_MOVE);
    }

    private static boolean link(Donor donor, SavedFile file, Path path) {
        if (!file.equals(donor.files().get(file.name()))) {
            return false;
        }
        try {
            Files.createLink(path, donor.directory().resolve(file.name()));
            return true;
        } catch (IOException | UnsupportedOperationException e) {
            log.debug("{} is read from its chunks", path, e);
            return false;
        }
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
