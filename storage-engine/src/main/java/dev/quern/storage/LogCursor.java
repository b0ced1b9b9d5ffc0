package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.LogSegment.Mapped;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Reads entries one after the other, from any retained index on. Holds a place, no bytes. Not
/// thread-safe.
final class LogCursor {
    private final NavigableMap<Long, LogSegment> segments;
    private long nextIndex;

    /// Where the next entry lies; null until it was looked for.
    private @Nullable LogSegment segment;

    private long offset;

    LogCursor(NavigableMap<Long, LogSegment> segments, long nextIndex) {
        this.segments = segments;
        this.nextIndex = nextIndex;
    }

    /// An entry and where it came from.
    ///
    /// @param file the segment
    /// @param offset in it
    record Located(LogEntry entry, Path file, long offset) {}

    /// Of the next entry.
    long nextIndex() {
        return nextIndex;
    }

    /// The next entry, which must have been appended.
    ///
    /// @throws QuernException `NOT_FOUND` if it is no longer retained, `CORRUPT` if it is damaged
    Located next() {
        LogSegment open = locate();
        Located found = open.read(this::read);
        if (found == null) {
            throw gone(); // retired in this moment
        }
        nextIndex++;
        offset = found.offset + FactLogFormat.sizeBytes(found.entry.txn().length);
        return found;
    }

    /// The segment of the next entry: a segment ends at the latest where the next one begins.
    private LogSegment locate() {
        Map.Entry<Long, LogSegment> floor = segments.floorEntry(nextIndex);
        if (floor == null) {
            throw gone();
        }
        if (segment != floor.getValue()) {
            segment = floor.getValue();
            offset = FactLogFormat.HEADER_BYTES;
        }
        return floor.getValue();
    }

    private @Nullable Located read(Mapped mapped) {
        LogSegment open = Objects.requireNonNull(segment);
        long at = offset;
        LogEntry entry = null;
        while (entry == null || entry.index() < nextIndex) {
            if (entry != null) {
                at += FactLogFormat.sizeBytes(entry.txn().length);
            }
            entry = FactLogFormat.entry(mapped.bytes(), at, mapped.header().salt());
            if (entry == null || entry.index() > nextIndex) {
                throw QuernException.corrupt(
                        "log segment "
                                + open.file()
                                + " at offset "
                                + at
                                + " has no valid entry on the way to "
                                + nextIndex);
            }
        }
        return new Located(entry, open.file(), at);
    }

    /// Says that the next entry cannot be read, and which is the first that can.
    QuernException gone() {
        Map.Entry<Long, LogSegment> first = segments.firstEntry();
        String retained = first == null ? "none is" : "the first is " + first.getKey();
        return new QuernException(
                ErrorKind.NOT_FOUND,
                "log entry " + nextIndex + " is no longer retained, " + retained,
                first == null ? Map.of() : Map.of("first_index", first.getKey()),
                null);
    }
}
