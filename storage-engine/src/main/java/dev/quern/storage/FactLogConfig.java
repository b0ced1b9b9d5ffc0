package dev.quern.storage;

import dev.quern.common.ByteSize;

/// Sizes of the fact log.
///
/// @param segmentBytes of each file
/// @param retainedBytes of the files that are kept although the state does not need them
/// @param groupBytes at most so many are forced together; less than a segment
record FactLogConfig(long segmentBytes, long retainedBytes, int groupBytes) {
    /// Files that are kept at most, however small: each start begins one.
    static final int MAX_SEGMENTS = 256;

    private static final long MAX_SEGMENT_BYTES = 32L << 20;
    private static final long MAX_GROUP_BYTES = 1L << 20;
    private static final int RETAINED_SEGMENTS = 8;

    /// Segments of an eighth of what is retained, 32 MiB at most.
    static FactLogConfig retaining(ByteSize retained) {
        long segment = Math.min(MAX_SEGMENT_BYTES, retained.bytes() / RETAINED_SEGMENTS);
        long room = segment - FactLogFormat.HEADER_BYTES;
        return new FactLogConfig(segment, retained.bytes(), (int) Math.min(MAX_GROUP_BYTES, room));
    }
}
