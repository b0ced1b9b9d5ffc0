package dev.quern.client;

import dev.quern.common.wire.BackupBody;
import dev.quern.common.wire.BackupList;
import dev.quern.common.wire.BackupResult;
import dev.quern.common.wire.CompactResult;
import dev.quern.common.wire.FsckResult;
import dev.quern.common.wire.GcResult;
import dev.quern.common.wire.PruneBackupsResult;
import dev.quern.common.wire.RepairResult;
import dev.quern.common.wire.RotateKey;
import dev.quern.common.wire.RotateKeyResult;
import dev.quern.common.wire.RunBackup;
import dev.quern.common.wire.RunGc;
import dev.quern.common.wire.RunPruneBackups;
import dev.quern.common.wire.RunRepair;
import dev.quern.common.wire.StorageBody;
import dev.quern.common.wire.StorageChunk;
import dev.quern.common.wire.StorageChunkList;
import dev.quern.common.wire.StorageMember;
import dev.quern.common.wire.StorageMemberList;
import dev.quern.common.wire.StorageOperation;
import dev.quern.common.wire.StorageOperationList;
import java.util.List;
import java.util.Map;

/// The server's whole store, of all spaces. Every method needs an operator's token, else it throws
/// `DENIED`; those that change or read everything return when they are done, and throw `CONFLICT`
/// while another of them is under way, or when they are cancelled. [#operations] tells how far they
/// are.
public final class Storage {
    private final HttpTransport http;

    Storage(HttpTransport http) {
        this.http = http;
    }

    /// Counts of what is stored.
    public StorageBody stats() {
        return http.json(Request.get(Target.of("storage")).waiting(), StorageBody.class);
    }

    /// Removes chunks that nothing needs; [#compact] then frees their bytes.
    public GcResult gc(RunGc request) {
        return http.json(post("gc", request), GcResult.class);
    }

    /// Frees the bytes of removed chunks, and merges small packs.
    public CompactResult compact() {
        return http.json(post("compact", Map.of()), CompactResult.class);
    }

    /// Reads everything and compares it with its checksums and with what needs it.
    public FsckResult fsck() {
        return http.json(post("fsck", Map.of()), FsckResult.class);
    }

    /// Says what is lost with the chunks that are damaged or missing; fetches nothing.
    public RepairResult repair() {
        return repair(new RunRepair(null, null));
    }

    /// Fetches damaged and missing chunks from a backup and says what is lost.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is no such backup
    public RepairResult repair(RunRepair request) {
        return http.json(post("repair", request), RepairResult.class);
    }

    /// Makes a backup: copies what earlier ones in the place lack.
    ///
    /// @param to `file:///directory` on the server's machine, or `s3://bucket/prefix`
    /// @throws dev.quern.common.QuernException `CONFLICT` while another backup is under way, or old
    ///   ones are removed there
    public BackupResult backup(String to) {
        return http.json(post("backup", new RunBackup(to)), BackupResult.class);
    }

    /// The long operations that are under way, and the last 20 that ended.
    public StorageOperationList operations() {
        return http.json(
                Request.get(Target.of("storage", "operations")), StorageOperationList.class);
    }

    /// Asks an operation to stop, and does not wait for it. One that has ended stays as it ended.
    /// What it has done stays done; running it again does the rest.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is no such operation
    public StorageOperation cancel(String operation) {
        return http.json(
                Request.delete(Target.of("storage", "operations", operation)),
                StorageOperation.class);
    }

    /// The backups in a place, the oldest first.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if the directory is not there
    public List<BackupBody> backups(String to) {
        Request request = Request.get(Target.of("storage", "backups").query("to", to)).waiting();
        return http.json(request, BackupList.class).backups();
    }

    /// Removes old backups from a place, and the files that no other there needs.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is no backup; `CONFLICT` while
    ///   one is made there, or another removal goes on
    public PruneBackupsResult pruneBackups(RunPruneBackups request) {
        return http.json(post("prune-backups", request), PruneBackupsResult.class);
    }

    /// The data directories that share the tier in which the server has its chunks, its own first.
    ///
    /// @throws dev.quern.common.QuernException `INVALID` if the chunks are in no tier
    public List<StorageMember> members() {
        Request request = Request.get(Target.of("storage", "members")).waiting();
        return http.json(request, StorageMemberList.class).members();
    }

    /// Forgets a data directory that is lost for good, so that garbage is collected again; what
    /// only its facts need becomes garbage.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is no such member; `CONFLICT`
    ///   if it is the server's own, or its server runs
    public void forgetMember(String member) {
        http.run(Request.delete(Target.of("storage", "members", member)).waiting());
    }

    /// Encrypts the new chunks of a space with a new data key.
    ///
    /// @throws dev.quern.common.QuernException `INVALID` if the server has no operator key
    public RotateKeyResult rotateKey(RotateKey request) {
        return http.json(post("rotate-key", request), RotateKeyResult.class);
    }

    /// Why a chunk is kept, or not, in each space that has it or needs it.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if none does
    public List<StorageChunk> explain(String chunk) {
        Request request = Request.get(Target.of("storage", "chunks", chunk)).waiting();
        return http.json(request, StorageChunkList.class).spaces();
    }

    private static Request post(String verb, Object body) {
        return Request.json("POST", Target.of("storage", verb), body, Retry.IF_NOT_ADMITTED)
                .waiting();
    }
}
