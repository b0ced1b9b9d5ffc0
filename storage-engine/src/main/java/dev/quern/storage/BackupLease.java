package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.storage.BackupFormat.Busy;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.random.RandomGenerator;

/// Keeps backups and the removal of old ones apart where they share a place, by blobs that each
/// puts there before it looks for those of the others ([BackupFormat]): so of two that begin
/// together at least one sees the other. Backups may go on together; a removal is alone.
///
/// A lease lasts 15 minutes and is renewed meanwhile ([TierLease]). Even so a removal looks for its own before each deletion, and a backup looks
/// once its manifest is there whether a removal goes on or has gone on, for one that begins later
/// heeds the manifest. Thread-safe.
final class BackupLease implements AutoCloseable {
    private final Tier tier;
    private final InstantSource clock;
    private final TierLease lease;

    private BackupLease(Tier tier, InstantSource clock, TierLease lease) {
        this.tier = tier;
        this.clock = clock;
        this.lease = lease;
    }

    /// For a backup that is to be made.
    ///
    /// @throws QuernException `CONFLICT` while old backups are removed there
    @MustBeClosed
    static BackupLease forBackup(Tier tier, InstantSource clock, RandomGenerator random) {
        return acquire(tier, clock, random, Busy.Kind.BACKUP);
    }

    /// For the removal of old backups; what was broken off is forgotten.
    ///
    /// @throws QuernException `CONFLICT` while a backup is made there, or another removal goes on
    @MustBeClosed
    static BackupLease forRemoval(Tier tier, InstantSource clock, RandomGenerator random) {
        return acquire(tier, clock, random, Busy.Kind.REMOVAL);
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // returned, unless it is refused
    private static BackupLease acquire(
            Tier tier, InstantSource clock, RandomGenerator random, Busy.Kind kind) {
        TierLease lease =
                TierLease.begin(
                        tier,
                        clock,
                        until -> Busy.of(kind, until, random).blob(),
                        BackupFormat.busy());
        BackupLease held = new BackupLease(tier, clock, lease);
        boolean acquired = false;
        try {
            held.requireNone(kind);
            acquired = true;
            return held;
        } finally {
            if (!acquired) {
                held.close();
            }
        }
    }

    private void requireNone(Busy.Kind kind) {
        Instant now = clock.instant();
        for (Busy other : all()) {
            boolean together = kind == Busy.Kind.BACKUP && other.kind() == Busy.Kind.BACKUP;
            if (!other.until().isAfter(now)) {
                tier.delete(other.blob());
            } else if (!together && !other.blob().equals(lease.blob())) {
                throw QuernException.conflict(
                        "cannot start "
                                + kind.what()
                                + " in "
                                + tier
                                + ": "
                                + other.kind().what()
                                + " is under way there; if it was broken off, that passes at "
                                + other.until());
            }
        }
    }

    private List<Busy> all() {
        return tier.list(BackupFormat.BUSY, "", Tier.MAX_PAGE).stream()
                .flatMap(blob -> BackupFormat.busy(blob.name()).stream())
                .toList();
    }

    /// Whether nobody removes old backups now.
    boolean isNoRemovalUnderWay() {
        return all().stream().noneMatch(busy -> busy.kind() == Busy.Kind.REMOVAL);
    }

    /// Whether it is there still, for all to see.
    boolean isHeld() {
        return lease.isHeld();
    }

    /// Ends it; what cannot be deleted runs out.
    @Override
    public void close() {
        lease.close();
    }
}
