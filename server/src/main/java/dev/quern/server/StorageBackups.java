package dev.quern.server;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.common.wire.BackupBody;
import dev.quern.common.wire.BackupList;
import dev.quern.common.wire.BackupResult;
import dev.quern.common.wire.PruneBackupsResult;
import dev.quern.storage.Backup;
import dev.quern.storage.BackupInfo;
import dev.quern.storage.BackupPolicy;
import dev.quern.storage.BackupReport;
import dev.quern.storage.PruneReport;
import dev.quern.storage.RepairReport;
import dev.quern.storage.StorageEngine;
import dev.quern.storage.Tier;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Backups of the store of a running server, in places that the operator names. Thread-safe.
final class StorageBackups {
    private static final Logger LOG = LoggerFactory.getLogger(StorageBackups.class);

    private final StorageEngine engine;
    private final Places places;

    /// How to get at a place.
    ///
    /// @param data the data directory, where no backup may be
    /// @param access to buckets
    /// @param secureRandom names backups and what is put into tiers; must be unpredictable
    record Places(
            Path data, TierUrl.Access access, InstantSource clock, RandomGenerator secureRandom) {
        /// Opens a place; a directory is made when absent.
        @MustBeClosed
        Tier open(TierUrl place) {
            return place.open(access, secureRandom, clock);
        }

        /// Does something with the backups that are in a place.
        <T> T with(TierUrl place, Function<Backup, T> work) {
            try (Tier tier = place.openExisting(access, secureRandom, clock)) {
                return work.apply(new Backup(tier, clock, secureRandom));
            }
        }
    }

    StorageBackups(StorageEngine engine, Places places) {
        this.engine = engine;
        this.places = places;
    }

    /// Makes a backup, one at a time.
    ///
    /// @throws QuernException `INVALID` for an address that is none, or is in the data directory;
    ///   `CONFLICT` while another backup is under way; what [Backup#run] throws
    BackupResult run(String to) {
        TierUrl place = TierUrl.parse(to);
        if (place instanceof TierUrl.Directory directory
                && directory.path().startsWith(places.data.toAbsolutePath().normalize())) {
            throw QuernException.invalid(
                    "backup must be outside of the data directory "
                            + places.data
                            + ", got "
                            + directory.path());
        }
        try (Tier tier = places.open(place)) {
            Backup backup = new Backup(tier, places.clock, places.secureRandom);
            BackupReport report = backup.run(engine);
            LOG.info("backed up to {}: {}", place, report);
            return result(report);
        }
    }

    private static BackupResult result(BackupReport report) {
        BackupInfo info = report.backup();
        return new BackupResult(
                info.id(),
                info.created().toString(),
                info.files(),
                info.bytes(),
                report.newFiles(),
                report.newBytes(),
                info.position().index(),
                info.position().hash().toString());
    }

    /// What backups there are.
    BackupList list(String to) {
        return places.with(TierUrl.parse(to), StorageBackups::list);
    }

    private static BackupList list(Backup backup) {
        return new BackupList(backup.list().stream().map(StorageBackups::body).toList());
    }

    /// A backup as the wire has it.
    static BackupBody body(BackupInfo info) {
        return new BackupBody(
                info.id(),
                info.created().toString(),
                info.files(),
                info.bytes(),
                info.position().index(),
                info.position().hash().toString());
    }

    /// Removes old backups.
    PruneBackupsResult prune(String from, BackupPolicy policy, boolean dryRun) {
        return prune(places, from, policy, dryRun);
    }

    /// Removes old backups, with or without a server.
    ///
    /// @throws QuernException `NOT_FOUND` if there is no backup; what [Backup#prune] throws
    static PruneBackupsResult prune(
            Places places, String from, BackupPolicy policy, boolean dryRun) {
        TierUrl place = TierUrl.parse(from);
        PruneReport report =
                places.with(
                        place,
                        backups -> {
                            latest(backups, place);
                            return backups.prune(policy, dryRun);
                        });
        return new PruneBackupsResult(
                report.dryRun(),
                report.kept().stream().map(StorageBackups::body).toList(),
                report.removed().stream().map(StorageBackups::body).toList(),
                report.files(),
                report.bytes());
    }

    /// Repairs from a backup.
    ///
    /// @param id empty for the latest
    RepairReport repair(String from, Optional<String> id) {
        TierUrl place = TierUrl.parse(from);
        return places.with(
                place,
                backup ->
                        engine.maintenance()
                                .repair(
                                        backup.source(
                                                id.orElseGet(() -> latest(backup, place)), engine),
                                        StorageService.UNLIMITED));
    }

    /// The id of the latest backup.
    ///
    /// @throws QuernException `NOT_FOUND` if there is none
    static String latest(Backup backup, TierUrl place) {
        List<BackupInfo> all = backup.list();
        if (all.isEmpty()) {
            throw QuernException.notFound("there is no backup in " + place);
        }
        return all.getLast().id();
    }
}
