package dev.quern.storage;

import dev.quern.common.SpaceId;

/// What a pack says about one chunk in it.
///
/// @param offset of the record's header in the pack, in bytes
/// @param space whose chunk it is
/// @param id the SHA-256 of the chunk
/// @param storedBytes length of the body in the pack
/// @param rawBytes length of the chunk; the same while the only codec is none
/// @param bodyCrc CRC32C of the body
record PackRecord(
        long offset, SpaceId space, ChunkId id, int storedBytes, int rawBytes, int bodyCrc) {
    /// Where the body begins.
    long bodyOffset() {
        return offset + PackFormat.RECORD_BYTES;
    }

    /// Where the next record begins.
    long end() {
        return PackFormat.align(bodyOffset() + storedBytes);
    }
}
