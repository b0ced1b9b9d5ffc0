package dev.quern.storage;

import java.util.Optional;

/// How the body of a chunk lies in a pack.
///
/// @param codec how it is packed
/// @param storedBytes length of the body in the pack
/// @param rawBytes length of the chunk
/// @param crc CRC32C of the body as it is stored
/// @param seal how it is encrypted, empty if it is not
record BodyForm(Codec codec, int storedBytes, int rawBytes, int crc, Optional<Seal> seal) {
    /// What an AES-GCM tag adds to the body.
    static final int TAG_BYTES = 16;

    /// A chunk that is stored as it is.
    static BodyForm plain(int bytes, int crc) {
        return new BodyForm(Codec.NONE, bytes, bytes, crc, Optional.empty());
    }

    /// Whether the body is the chunk itself.
    boolean isPlain() {
        return codec == Codec.NONE && seal.isEmpty();
    }

    /// Whether the lengths can be true.
    boolean isPlausible() {
        int packed = storedBytes - (seal.isPresent() ? TAG_BYTES : 0);
        boolean fits = codec == Codec.NONE ? packed == rawBytes : packed < rawBytes;
        return packed > 0 && rawBytes <= ChunkStore.MAX_CHUNK_BYTES && fits;
    }

    /// The key and the nonce of an encrypted body.
    ///
    /// @param keyId the data key of its space, from 1
    /// @param nonceHigh first 8 bytes of the nonce
    /// @param nonceLow last 4 bytes of the nonce
    record Seal(int keyId, long nonceHigh, int nonceLow) {}
}
