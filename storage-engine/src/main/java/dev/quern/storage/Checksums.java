package dev.quern.storage;

import dev.quern.common.QuernException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.zip.CRC32C;

/// SHA-256 and CRC32C over buffers, without a copy of the whole.
final class Checksums {
    private Checksums() {}

    /// The name of these bytes.
    static ChunkId sha256(ByteBuffer bytes) {
        MessageDigest digest = sha256();
        digest.update(bytes.duplicate());
        return ChunkId.of(digest.digest());
    }

    /// A digest for bytes that come piece by piece.
    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw QuernException.internal("this JDK lacks SHA-256", e);
        }
    }

    static int crc32c(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate());
        return (int) crc.getValue();
    }

    /// Of a segment that is shorter than 2 GiB.
    static int crc32c(MemorySegment bytes) {
        return crc32c(bytes.asByteBuffer());
    }
}
