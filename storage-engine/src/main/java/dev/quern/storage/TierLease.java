package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A blob in a tier whose name says until when something is under way. It lasts 15 minutes and is
/// renewed meanwhile, by another blob, so that what was broken off is in nobody's way for longer.
/// One that somebody has deleted stays lost. Thread-safe.
final class TierLease implements AutoCloseable {
    /// How long one lasts unless it is renewed.
    static final Duration LENGTH = Duration.ofMinutes(15);

    private static final Logger LOG = LoggerFactory.getLogger(TierLease.class);
    private static final long RENEW_MILLIS = 5 * 60_000;

    private final Tier tier;
    private final InstantSource clock;
    private final Function<Instant, String> name;
    private final byte[] bytes;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile String blob;

    private TierLease(
            Tier tier, InstantSource clock, Function<Instant, String> name, byte[] bytes) {
        this.tier = tier;
        this.clock = clock;
        this.name = name;
        this.bytes = bytes;
        this.blob = name.apply(end());
    }

    /// Puts the blob, and renews it from then on.
    ///
    /// @param name of a blob that says until when, to the second
    /// @param bytes of the blob
    @MustBeClosed
    static TierLease begin(
            Tier tier, InstantSource clock, Function<Instant, String> name, byte[] bytes) {
        TierLease lease = new TierLease(tier, clock, name, bytes);
        lease.put();
        Thread.ofVirtual().name("quern-tier-lease").start(lease::renew);
        return lease;
    }

    private Instant end() {
        return clock.instant().plus(LENGTH);
    }

    private void put() {
        tier.putIfAbsent(blob, MemorySegment.ofArray(bytes));
    }

    /// The name of its blob at present.
    String blob() {
        return blob;
    }

    /// Whether it is there still, for all to see.
    boolean isHeld() {
        return tier.size(blob).isPresent();
    }

    private void renew() {
        try {
            while (!closed.await(RENEW_MILLIS, TimeUnit.MILLISECONDS)) {
                renewOnce();
            }
        } catch (InterruptedException e) {
            LOG.debug("lease {} ends", blob);
        }
    }

    private synchronized void renewOnce() {
        String before = blob;
        try {
            if (closed.getCount() > 0 && isHeld()) {
                String next = name.apply(end());
                tier.putIfAbsent(next, MemorySegment.ofArray(bytes));
                blob = next;
                if (!next.equals(before)) {
                    tier.delete(before);
                }
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
                tier.delete(blob);
            } catch (QuernException e) {
                LOG.warn("cannot delete {}: {}", blob, e.getMessage());
            }
        }
    }
}
