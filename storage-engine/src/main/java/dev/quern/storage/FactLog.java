package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.FactLogFormat.Header;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The log of transactions on this machine: segments ([FactLogFormat]) in a directory, of which the
/// newest is appended to. Segments of earlier runs are never appended to.
///
/// One thread appends, another may [#trim]; any thread reads what was appended before, through
/// [#cursor].
final class FactLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FactLog.class);

    private final Disk disk;
    private final Path directory;
    private final FactLogConfig config;
    private final RandomGenerator random;
    private final NavigableMap<Long, LogSegment> segments;
    private final Arena arena = Arena.ofShared();
    private final SpareSegment spare;

    /// Where a group is put together.
    private final ByteBuffer staging;

    private LogPosition last;
    private @Nullable LogWriter writer;

    /// Why nothing can be appended any more.
    private @Nullable QuernException failure;

    private FactLog(
            Disk disk,
            Path directory,
            FactLogConfig config,
            RandomGenerator random,
            LogRecovery.Found found,
            LogPosition last,
            Executor background) {
        this.disk = disk;
        this.directory = directory;
        this.config = config;
        this.random = random;
        this.segments = new ConcurrentSkipListMap<>(found.segments());
        this.last = last;
        this.spare = new SpareSegment(disk, directory, config.segmentBytes(), background);
        this.staging = arena.allocate(config.groupBytes(), Long.BYTES).asByteBuffer();
    }

    /// Opens the log, which begins after `state` when there is none yet.
    ///
    /// @param random gives each segment its salt
    /// @param state how far the state has got without the log
    /// @param background writes the next segment's blocks ahead
    /// @throws QuernException `CORRUPT` naming the place if it does not lead on from `state`
    static FactLog open(
            Disk disk,
            Path directory,
            FactLogConfig config,
            RandomGenerator random,
            LogPosition state,
            Executor background) {
        try {
            LogRecovery.Found found = new LogRecovery(disk, directory, state.index()).run();
            LogPosition last = found.last() == null ? state : found.last();
            requireLeadsOn(state, found, last, directory);
            for (Path left : disk.list(directory, SpareSegment.NAME)) {
                disk.delete(left);
            }
            return new FactLog(disk, directory, config, random, found, last, background);
        } catch (IOException e) {
            throw StorageErrors.of("cannot open fact log " + directory, e);
        }
    }

    private static void requireLeadsOn(
            LogPosition state, LogRecovery.Found found, LogPosition last, Path directory) {
        if (state.index() > last.index()) {
            throw QuernException.corrupt(
                    "fact log "
                            + found.segments().lastEntry().getValue().file()
                            + " must go to entry "
                            + state.index()
                            + ", which the state has, but ends after "
                            + last.index());
        }
        if (!found.segments().isEmpty() && found.segments().firstKey() > state.index() + 1) {
            throw QuernException.corrupt(
                    "fact log "
                            + LogSegment.file(directory, found.segments().firstKey())
                            + " must begin at entry "
                            + (state.index() + 1)
                            + ", where the state ends, or before");
        }
    }

    /// The first index that can be read; one more than the last when nothing can.
    long firstIndex() {
        Map.Entry<Long, LogSegment> first = segments.firstEntry();
        return first == null ? last.index() + 1 : first.getKey();
    }

    /// The last index that was appended.
    long lastIndex() {
        return last.index();
    }

    /// Reads from an index on. Not thread-safe.
    LogCursor cursor(long fromIndex) {
        return new LogCursor(segments, fromIndex);
    }

    /// Makes sure that the next group finds room.
    ///
    /// @param bytes the sum of [FactLogFormat#sizeBytes] of its entries
    /// @return whether a segment was begun, so that [#trim] has something to do
    /// @throws QuernException `EXHAUSTED` if the disk is full, `UNAVAILABLE` if it fails; nothing
    ///   is lost, and it may be tried again
    boolean reserve(long bytes) {
        requireWritable();
        if (writer != null && writer.fits(bytes)) {
            return false;
        }
        try {
            finish();
            Header header = new Header(last.index() + 1, random.nextLong(), last.hash());
            writer = LogWriter.create(disk, directory, header, spare, staging);
            segments.put(header.firstIndex(), writer.segment());
            return true;
        } catch (IOException e) {
            throw StorageErrors.of("cannot begin a log segment in " + directory, e);
        }
    }

    /// How large a group may be after [#reserve].
    long roomBytes() {
        return writer == null ? 0 : Math.min(writer.roomBytes(), config.groupBytes());
    }

    /// Ends the writer's segment; one without entries gives way to the next, of the same name.
    private void finish() throws IOException {
        LogWriter ended = writer;
        if (ended == null) {
            return;
        }
        writer = null;
        ended.close();
        if (ended.isEmpty()) {
            segments.remove(ended.segment().firstIndex());
            ended.segment().retire();
        }
    }

    /// Appends a group for which there is room, and makes it durable.
    ///
    /// @throws QuernException if it may not be durable; then nothing can be appended until the log
    ///   is opened again, unless it was not even written
    void append(List<LogEntry> group) {
        requireWritable();
        LogWriter open = writer;
        if (open == null) {
            throw QuernException.internal("no log segment was begun", null);
        }
        try {
            open.append(group);
        } catch (IOException e) {
            throw StorageErrors.of("cannot append to log segment " + open.segment().file(), e);
        }
        try {
            open.force();
        } catch (IOException e) {
            // The kernel may have dropped what it could not write, and says so only once: no later
            // force can be believed. A new open reads back what is really there.
            failure = StorageErrors.of("cannot force log segment " + open.segment().file(), e);
            LOG.error("fact log takes no more writes until it is opened again", failure);
            throw failure;
        }
        last = group.getLast().position();
        if (open.roomBytes() < config.segmentBytes() / 2) {
            spare.prepare();
        }
    }

    private void requireWritable() {
        if (failure != null) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "fact log takes no more writes until it is opened again: "
                            + failure.getMessage(),
                    failure);
        }
    }

    /// Removes the oldest segments that neither the state needs nor the configuration retains.
    ///
    /// @param durableIndex what the state has for good
    void trim(long durableIndex) throws IOException {
        long kept = segments.values().stream().mapToLong(LogSegment::sizeBytes).sum();
        while (segments.size() > 1
                && (kept > config.retainedBytes()
                        || segments.size() > FactLogConfig.MAX_SEGMENTS)) {
            LogSegment oldest = segments.firstEntry().getValue();
            if (segments.higherKey(oldest.firstIndex()) > durableIndex + 1) {
                return;
            }
            remove(oldest);
            kept -= oldest.sizeBytes();
        }
    }

    /// Each name goes for good before the next one does, so that a crash leaves no gap. Who reads
    /// meanwhile hears of a first index that can be read.
    private void remove(LogSegment segment) throws IOException {
        segments.remove(segment.firstIndex());
        boolean removed = false;
        try {
            segment.retire();
            disk.delete(segment.file());
            disk.syncDirectory(directory);
            removed = true;
        } finally {
            if (!removed) {
                segments.put(segment.firstIndex(), segment);
            }
        }
    }

    @Override
    public void close() {
        try {
            if (writer != null) {
                writer.close();
            }
        } catch (IOException e) {
            throw StorageErrors.of("cannot close fact log " + directory, e);
        } finally {
            writer = null;
            spare.close();
            segments.values().forEach(LogSegment::retire);
            closeStaging();
        }
    }

    private void closeStaging() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
