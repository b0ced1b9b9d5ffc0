package dev.quern.storage;

import dev.quern.storage.FactLogFormat.Header;
import dev.quern.storage.LogScanner.End;
import java.util.Arrays;

/// The bytes of a group of the fact log, and where they belong.
///
/// @param segmentIndex of the first entry of the segment, which names it
/// @param salt of the segment
/// @param offset in the segment
/// @param firstIndex of the first entry of the group
/// @param bytes its entries, as in the segment
record GroupCopy(long segmentIndex, long salt, long offset, long firstIndex, byte[] bytes) {
    /// The offset after the group in the segment.
    long endOffset() {
        return offset + bytes.length;
    }

    /// Whether this is of a segment whose entries end where this group begins or within it: what is
    /// missing there is of this group, or of none.
    boolean completes(End end, Header header) {
        if (header.firstIndex() != segmentIndex || header.salt() != salt) {
            return false;
        }
        if (end.offset() == offset) {
            return end.nextIndex(header) == firstIndex;
        }
        LogEntry last = end.last();
        return last != null
                && last.group() == firstIndex
                && end.groupOffset() == offset
                && end.offset() < endOffset();
    }

    /// Whether both have the same bytes for the same place.
    boolean isSame(GroupCopy other) {
        return segmentIndex == other.segmentIndex
                && salt == other.salt
                && offset == other.offset
                && firstIndex == other.firstIndex
                && Arrays.equals(bytes, other.bytes);
    }
}
