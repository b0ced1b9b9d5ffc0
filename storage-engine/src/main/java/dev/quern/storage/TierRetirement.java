package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.storage.TierStoreFormat.Retirement;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The packs of a tier that are on their way out ([TierStoreFormat]). A pack is retired once the
/// index names nothing in it, and that is durable; no index takes it in any more then, at this
/// machine or another. It stays for a grace, for those who look for a chunk in it still, and as
/// long as it is held, and is deleted only while no other member could need it. Thread-safe.
final class TierRetirement {
    private static final Logger LOG = LoggerFactory.getLogger(TierRetirement.class);

    private final Tier tier;
    private final TierMembers members;
    private final InstantSource clock;
    private final ConcurrentMap<Long, Instant> retired = new ConcurrentHashMap<>();
    private final AtomicInteger holds = new AtomicInteger();

    TierRetirement(Tier tier, TierMembers members, InstantSource clock) {
        this.tier = tier;
        this.members = members;
        this.clock = clock;
    }

    /// Learns which packs are retired in the tier; those that this has retired stay so.
    void load() {
        String after = "";
        List<Tier.Blob> page;
        do {
            page = tier.list(TierStoreFormat.RETIRED, after, Tier.MAX_PAGE);
            for (Tier.Blob blob : page) {
                TierStoreFormat.retirement(blob.name()).ifPresent(this::known);
            }
            after = page.isEmpty() ? after : page.getLast().name();
        } while (page.size() == Tier.MAX_PAGE);
    }

    /// Of two retirements of a pack the later counts.
    private void known(Retirement one) {
        retired.merge(one.pack(), one.at(), (a, b) -> a.isAfter(b) ? a : b);
    }

    boolean contains(long pack) {
        return retired.containsKey(pack);
    }

    /// Retires a pack that the index names nothing of, durably. If it cannot be told whether that
    /// has reached the tier, it has as far as this is concerned.
    void retire(long pack) {
        Retirement now = new Retirement(pack, Instant.ofEpochSecond(seconds()));
        retired.put(pack, now.at());
        tier.putIfAbsent(now.blob(), MemorySegment.ofArray(TierStoreFormat.retired()));
    }

    private long seconds() {
        return Math.max(0, clock.instant().getEpochSecond());
    }

    /// Keeps every pack that is there, retired or not, until the hold is closed; a second close
    /// does nothing.
    @MustBeClosed
    ChunkPins hold() {
        holds.incrementAndGet();
        AtomicBoolean open = new AtomicBoolean(true);
        return () -> {
            if (open.getAndSet(false)) {
                holds.decrementAndGet();
            }
        };
    }

    /// The packs that were retired so long ago, unless they are held.
    List<Long> due(Duration grace) {
        Instant until = clock.instant().minus(grace);
        return holds.get() > 0
                ? List.of()
                : retired.entrySet().stream()
                        .filter(pack -> !pack.getValue().isAfter(until))
                        .map(Map.Entry::getKey)
                        .toList();
    }

    /// Deletes a retired pack, unless another member might need it.
    ///
    /// @throws QuernException `CONFLICT` if one might
    // First the pack: while it is there it must be known to be retired.
    void delete(long pack) {
        members.requireAlone("delete packs");
        tier.delete(TierStoreFormat.pack(pack));
        String prefix = new Retirement(pack, Instant.EPOCH).blob();
        prefix = prefix.substring(0, prefix.length() - 8);
        for (Tier.Blob blob : tier.list(prefix, "", Tier.MAX_PAGE)) {
            tier.delete(blob.name());
        }
        retired.remove(pack);
        LOG.debug("pack {} of {} is deleted", TierStoreFormat.pack(pack), tier);
    }
}
