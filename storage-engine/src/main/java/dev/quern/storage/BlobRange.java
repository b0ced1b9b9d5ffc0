package dev.quern.storage;

import dev.quern.common.QuernException;

/// A part of a blob in a [Tier], as it is cached.
///
/// @param blob name of the blob
/// @param offset where it begins, 0 or more
/// @param length its bytes, 1 to [#MAX_BYTES]
record BlobRange(String blob, long offset, int length) {
    /// The largest range: the largest chunk and what a pack adds to it.
    static final int MAX_BYTES = ChunkStore.MAX_CHUNK_BYTES + (64 << 10);

    BlobRange {
        TierNames.require(blob);
        TierNames.requireOffset(blob, offset);
        if (length < 1 || length > MAX_BYTES) {
            throw QuernException.invalid(
                    "range of a blob must be 1 to " + MAX_BYTES + " bytes, got " + length);
        }
    }

    @Override
    public String toString() {
        return "bytes " + offset + " to " + (offset + length) + " of blob " + blob;
    }
}
