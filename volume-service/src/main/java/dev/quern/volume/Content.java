package dev.quern.volume;

import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkStore;

/// Where a file's bytes are.
///
/// @param hash the one chunk that holds them; or, when `listed`, the root of their chunk list (see
///   [ChunkListFormat]); or [#EMPTY_HASH] for an empty file, which has no chunk
/// @param listed whether they are more than one chunk
/// @param sizeBytes how many
record Content(ChunkId hash, boolean listed, long sizeBytes) {
    /// The SHA-256 of no bytes.
    static final ChunkId EMPTY_HASH =
            new ChunkId("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    /// An empty file.
    static final Content EMPTY = new Content(EMPTY_HASH, false, 0);

    /// The form in formats: 32 bytes of hash, 8 of size.
    static Content read(FormatReader in, boolean listed) {
        ChunkId hash = in.id();
        long size = in.atLeast(listed ? 2 : 0);
        if ((size == 0) != hash.equals(EMPTY_HASH)) {
            throw in.corrupt("content of " + size + " bytes must not be named " + hash);
        }
        if (!listed && size > ChunkStore.MAX_CHUNK_BYTES) {
            throw in.corrupt("content of one chunk must not have " + size + " bytes");
        }
        return new Content(hash, listed, size);
    }

    void write(FormatWriter out) {
        out.id(hash).i64(sizeBytes);
    }
}
