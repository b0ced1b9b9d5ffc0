package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.FactLogFormat.Header;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Walks the entries of a segment and tells where they end. Not thread-safe.
final class LogScanner {
    private final Object name;
    private final MemorySegment bytes;
    private final Header header;

    /// @param name of the file, for messages
    LogScanner(Object name, MemorySegment bytes, Header header) {
        this.name = name;
        this.bytes = bytes;
        this.header = header;
    }

    /// Takes an entry.
    interface Visitor {
        /// Sees an entry and the offset at which it lies.
        void visit(LogEntry entry, long offset);
    }

    /// Where the entries end.
    ///
    /// @param offset after the last entry
    /// @param last the last entry; null if there is none
    /// @param groupOffset where the last entry's group begins
    record End(long offset, @Nullable LogEntry last, long groupOffset) {
        long nextIndex(Header header) {
            return last == null ? header.firstIndex() : last.index() + 1;
        }
    }

    /// Sees the entries up to `limitIndex`, exclusive.
    End scan(long limitIndex, Visitor visitor) {
        End end = new End(FactLogFormat.HEADER_BYTES, null, FactLogFormat.HEADER_BYTES);
        LogEntry entry = next(end, limitIndex);
        while (entry != null) {
            visitor.visit(entry, end.offset);
            boolean sameGroup = end.last != null && end.last.group() == entry.group();
            long after = end.offset + FactLogFormat.sizeBytes(entry.txn().length);
            end = new End(after, entry, sameGroup ? end.groupOffset : end.offset);
            entry = next(end, limitIndex);
        }
        return end;
    }

    private @Nullable LogEntry next(End end, long limitIndex) {
        long index = end.nextIndex(header);
        if (index >= limitIndex) {
            return null;
        }
        LogEntry entry = FactLogFormat.entry(bytes, end.offset, header.salt());
        return entry != null && entry.index() == index ? entry : null;
    }

    /// Checks that nothing was acknowledged beyond the end.
    ///
    /// @throws QuernException `CORRUPT` naming the place of the damage otherwise
    void requireLast(End end) {
        long missing = end.nextIndex(header);
        for (long at = end.offset; at < bytes.byteSize(); at += 8) {
            LogEntry later =
                    FactLogFormat.mayBeEntry(bytes, at)
                            ? FactLogFormat.entry(bytes, at, header.salt())
                            : null;
            if (later != null && later.group() > missing) {
                throw damaged(end, "entry " + later.index() + " follows at offset " + at);
            }
        }
    }

    /// Says that an entry should be where the entries end.
    QuernException damaged(End end, String why) {
        return QuernException.corrupt(
                "log segment "
                        + name
                        + " at offset "
                        + end.offset
                        + " must have entry "
                        + end.nextIndex(header)
                        + ", which is damaged: "
                        + why);
    }
}
