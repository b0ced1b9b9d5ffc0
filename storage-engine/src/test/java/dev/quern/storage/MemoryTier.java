package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A tier in memory, for tests, with knobs for the failures that callers must survive.
public final class MemoryTier implements Tier {
    @GuardedBy("this")
    private final NavigableMap<String, byte[]> blobs = new TreeMap<>();

    @GuardedBy("this")
    private final Map<String, Integer> reads = new HashMap<>();

    private final AtomicLong putsUntilOutage = new AtomicLong(Long.MAX_VALUE);
    private final AtomicLong callsUntilOutage = new AtomicLong(Long.MAX_VALUE);
    private volatile boolean lastArrives;
    private final AtomicInteger lists = new AtomicInteger();
    private volatile boolean down;
    private volatile long putMillis;

    @Override
    public boolean putIfAbsent(String name, MemorySegment bytes) {
        TierNames.require(name);
        requireUp();
        if (putsUntilOutage.getAndDecrement() <= 0) {
            throw outage();
        }
        LockSupport.parkNanos(putMillis * 1_000_000);
        byte[] copy = bytes.toArray(ValueLayout.JAVA_BYTE);
        synchronized (this) {
            boolean put = blobs.putIfAbsent(name, copy) == null;
            requireArrived();
            return put;
        }
    }

    @Override
    public synchronized long read(String name, long offset, MemorySegment target) {
        TierNames.require(name);
        TierNames.requireOffset(name, offset);
        requireUp();
        byte[] blob = blobs.get(name);
        if (blob == null) {
            throw QuernException.notFound("blob " + name + " is not in memory");
        }
        reads.merge(name, 1, Integer::sum);
        long length = Math.max(0, Math.min(target.byteSize(), blob.length - offset));
        if (length > 0) {
            MemorySegment.copy(MemorySegment.ofArray(blob), offset, target, 0, length);
        }
        return length;
    }

    @Override
    public synchronized OptionalLong size(String name) {
        TierNames.require(name);
        requireUp();
        byte[] blob = blobs.get(name);
        return blob == null ? OptionalLong.empty() : OptionalLong.of(blob.length);
    }

    @Override
    public synchronized List<Blob> list(String prefix, String after, int limit) {
        TierNames.requirePage(prefix, after, limit);
        requireUp();
        lists.incrementAndGet();
        List<Blob> page = new ArrayList<>();
        for (Map.Entry<String, byte[]> blob : blobs.tailMap(after, false).entrySet()) {
            if (blob.getKey().startsWith(prefix) && page.size() < limit) {
                page.add(new Blob(blob.getKey(), blob.getValue().length));
            }
        }
        return page;
    }

    @Override
    public synchronized void delete(String name) {
        TierNames.require(name);
        requireUp();
        blobs.remove(name);
        requireArrived();
    }

    /// Answers nothing any more, or again.
    public void down(boolean isDown) {
        down = isDown;
        putsUntilOutage.set(Long.MAX_VALUE);
        callsUntilOutage.set(Long.MAX_VALUE);
    }

    /// Answers this many more calls, whatever they are, then none any more.
    ///
    /// @param arrives whether the first call that is not answered, if it is a put or a delete, has
    ///   its effect all the same
    public void failCallsAfter(long calls, boolean arrives) {
        lastArrives = arrives;
        callsUntilOutage.set(calls);
    }

    /// Takes this many more puts, then fails them.
    public void failPutsAfter(long puts) {
        putsUntilOutage.set(puts);
    }

    /// How often a blob has been read from.
    public synchronized int reads(String name) {
        return reads.getOrDefault(name, 0);
    }

    /// How often any blob has been read from.
    public synchronized int reads() {
        return reads.values().stream().mapToInt(Integer::intValue).sum();
    }

    /// How often blobs have been listed.
    public int lists() {
        return lists.get();
    }

    /// Makes each put take about so long.
    public void delayPuts(long millis) {
        putMillis = millis;
    }

    /// The names of all blobs.
    public synchronized List<String> names() {
        return List.copyOf(blobs.keySet());
    }

    /// Turns one bit of a blob.
    public synchronized void damage(String name, int offset) {
        byte @Nullable [] blob = blobs.get(name);
        if (blob == null) {
            throw new AssertionError("no blob " + name);
        }
        blob[offset] ^= 1;
    }

    private void requireUp() {
        long left = callsUntilOutage.getAndDecrement();
        if (down || left < 0 || (left == 0 && !lastArrives)) {
            throw outage();
        }
    }

    /// Of a call that had its effect.
    private void requireArrived() {
        if (lastArrives && callsUntilOutage.get() < 0) {
            throw outage();
        }
    }

    private static QuernException outage() {
        return new QuernException(ErrorKind.UNAVAILABLE, "memory tier is down");
    }

    @Override
    public String toString() {
        return "memory";
    }

    @Override
    public void close() {
        // The test may look at it still.
    }
}
