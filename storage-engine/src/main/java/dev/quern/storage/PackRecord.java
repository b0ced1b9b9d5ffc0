package dev.quern.storage;

import dev.quern.common.SpaceId;

/// What a pack says about one chunk in it.
///
/// @param offset of the record's header in the pack, in bytes
/// @param headerBytes length of that header, which depends on the version of the pack
/// @param space whose chunk it is
/// @param id the SHA-256 of the chunk
/// @param form how the body lies behind the header
record PackRecord(long offset, int headerBytes, SpaceId space, ChunkId id, BodyForm form) {
    /// Where the body begins.
    long bodyOffset() {
        return offset + headerBytes;
    }

    /// Length of the body.
    int storedBytes() {
        return form.storedBytes();
    }

    /// Where the body ends.
    long bodyEnd() {
        return bodyOffset() + storedBytes();
    }

    /// Where the next record begins.
    long end() {
        return PackFormat.align(bodyEnd());
    }
}
