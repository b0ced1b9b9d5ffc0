package dev.quern.http;

import dev.quern.common.wire.BackupList;
import dev.quern.common.wire.BackupResult;
import dev.quern.common.wire.CompactResult;
import dev.quern.common.wire.FsckResult;
import dev.quern.common.wire.GcResult;
import dev.quern.common.wire.PruneBackupsResult;
import dev.quern.common.wire.RepairResult;
import dev.quern.common.wire.RotateKeyResult;
import dev.quern.common.wire.StorageBody;
import dev.quern.common.wire.StorageChunkList;
import dev.quern.common.wire.StorageMemberList;
import dev.quern.common.wire.StorageOperation;
import dev.quern.common.wire.StorageOperationList;
import java.time.Duration;
import java.util.Optional;

/// What an operator can do to the store below the services, which this module does not know.
/// Thread-safe; each of the long ones returns when it is done.
public interface StorageAdmin {
    /// Counts.
    StorageBody stats();

    /// Collects garbage.
    ///
    /// @param grace empty for the default
    /// @throws dev.quern.common.QuernException `INVALID` for a grace that is out of bounds;
    ///   `CONFLICT` naming the operation while other maintenance is under way, or if this one is
    ///   cancelled, as from all that follow
    GcResult gc(Optional<Duration> grace, boolean dryRun);

    /// Compacts packs.
    CompactResult compact();

    /// Checks everything.
    FsckResult fsck();

    /// Repairs what is damaged.
    ///
    /// @param from address of backups; empty for none, then nothing is fetched
    /// @param backup id of the one to fetch from; empty for the latest
    /// @throws dev.quern.common.QuernException `INVALID` for an address that is none; `NOT_FOUND`
    ///   if no such backup is there
    RepairResult repair(Optional<String> from, Optional<String> backup);

    /// Makes a backup.
    ///
    /// @param to address of the place
    /// @throws dev.quern.common.QuernException `INVALID` for an address that is none; `CONFLICT`
    ///   while another backup is under way, or old ones are removed there
    BackupResult backup(String to);

    /// The long operations that are under way, and the last that ended.
    StorageOperationList operations();

    /// Asks an operation to stop, and does not wait for it. One that has ended stays as it ended.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is no such operation
    StorageOperation cancel(String operation);

    /// The backups in a place.
    ///
    /// @param to address of the place
    /// @throws dev.quern.common.QuernException `INVALID` for an address that is none; `NOT_FOUND`
    ///   if the directory is not there
    BackupList backups(String to);

    /// Removes old backups from a place, and the files that no other there needs.
    ///
    /// @param from address of the place
    /// @param keep how many of the latest stay
    /// @param within those that are not older stay too; empty for none
    /// @throws dev.quern.common.QuernException `INVALID` for an address that is none, or a bound;
    ///   `NOT_FOUND` if there is no backup; `CONFLICT` while one is made there, or another removal
    ///   goes on
    PruneBackupsResult pruneBackups(
            String from, int keep, Optional<Duration> within, boolean dryRun);

    /// The data directories that share the tier in which the chunks are.
    ///
    /// @throws dev.quern.common.QuernException `INVALID` if they are in no tier
    StorageMemberList members();

    /// Forgets one that is lost for good.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is no such member; `CONFLICT`
    ///   if it is this server's or its server runs; `INVALID` if the chunks are in no tier
    void forgetMember(String member);

    /// Encrypts the new chunks of a space with a new data key.
    ///
    /// @throws dev.quern.common.QuernException `INVALID` if the server has no operator key;
    ///   `NOT_FOUND` if there is no such space
    RotateKeyResult rotateKey(String space);

    /// Why a chunk is kept.
    ///
    /// @throws dev.quern.common.QuernException `INVALID` if the text is no chunk's id; `NOT_FOUND`
    ///   if no space has it
    StorageChunkList explain(String chunk);
}
