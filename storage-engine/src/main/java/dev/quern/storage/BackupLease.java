package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.storage.BackupFormat.Busy;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps backups and the removal of old ones apart where they share a place, by blobs that each
/// puts there before it looks for those of the others ([BackupFormat]): so of two that begin
/// together at least one sees the other. Backups may go on together; a removal is alone.
///
/// A lease lasts 15 minutes and is renewed meanwhile, so that what was broken off is in nobody's
/// way for longer. Even so a removal looks for its own before each deletion, and a backup looks
/// once its manifest is there whether a removal goes on or has gone on, for one that begins later
/// heeds the manifest. Thread-safe.
final class BackupLease implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BackupLease.class);
    private static final Duration LENGTH = Duration.ofMinutes(15);
    private static final long RENEW_MILLIS = 5 * 60_000;

    private final Tier tier;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread renewal;
    private volatile Busy own;

    private BackupLease(Tier tier, InstantSource clock, RandomGenerator random, Busy own) {
        this.tier = tier;
        this.clock = clock;
        this.random = random;
        this.own = own;
        this.renewal = Thread.ofVirtual().name("quern-backup-lease").unstarted(this::renew);
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
        Busy own = Busy.of(kind, clock.instant().plus(LENGTH), random);
        BackupLease lease = new BackupLease(tier, clock, random, own);
        boolean acquired = false;
        try {
            lease.put(own);
            lease.requireNone(kind);
            lease.renewal.start();
            acquired = true;
            return lease;
        } finally {
            if (!acquired) {
                lease.close();
            }
        }
    }

    private void put(Busy lease) {
        tier.putIfAbsent(lease.blob(), MemorySegment.ofArray(BackupFormat.busy()));
    }

    private void requireNone(Busy.Kind kind) {
        Instant now = clock.instant();
        for (Busy other : all()) {
            boolean together = kind == Busy.Kind.BACKUP && other.kind() == Busy.Kind.BACKUP;
            if (!other.until().isAfter(now)) {
                tier.delete(other.blob());
            } else if (!together && !other.equals(own)) {
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
        return tier.size(own.blob()).isPresent();
    }

    private void renew() {
        try {
            while (!closed.await(RENEW_MILLIS, TimeUnit.MILLISECONDS)) {
                renewOnce();
            }
        } catch (InterruptedException e) {
            LOG.debug("lease {} ends", own);
        }
    }

    /// One that is lost stays lost.
    private synchronized void renewOnce() {
        Busy before = own;
        try {
            if (closed.getCount() > 0 && isHeld()) {
                Busy next = Busy.of(before.kind(), clock.instant().plus(LENGTH), random);
                put(next);
                own = next;
                tier.delete(before.blob());
            }
        } catch (QuernException e) {
            LOG.warn("cannot renew {}: {}", before, e.getMessage());
        }
    }

    /// Ends it; what cannot be deleted runs out.
    @Override
    public void close() {
        closed.countDown();
        synchronized (this) {
            try {
                tier.delete(own.blob());
            } catch (QuernException e) {
                LOG.warn("cannot delete {}: {}", own, e.getMessage());
            }
        }
    }
}
