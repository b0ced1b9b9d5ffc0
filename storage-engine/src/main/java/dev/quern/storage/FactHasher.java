package dev.quern.storage;

import dev.quern.common.QuernException;
import java.nio.ByteBuffer;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// What one fact adds to a [StateHash]: the first 16 bytes, big-endian, of SHA-256 over
///
/// | part | bytes |
/// |---|---|
/// | length of the key | 4, big-endian |
/// | key | as in the facts database ([FactFormat]) |
/// | value | as in the facts database |
///
/// Entries of secondary indexes add nothing: they follow from the facts. Not thread-safe.
final class FactHasher {
    private final MessageDigest sha256;
    private final byte[] length = new byte[4];
    private final byte[] digest = new byte[32];
    private final ByteBuffer lengthView = ByteBuffer.wrap(length);
    private final ByteBuffer digestView = ByteBuffer.wrap(digest);

    FactHasher() {
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw QuernException.internal("this JDK lacks SHA-256", e);
        }
    }

    StateHash hash(byte[] key, byte[] value) {
        lengthView.putInt(0, key.length);
        sha256.update(length);
        sha256.update(key);
        sha256.update(value);
        try {
            sha256.digest(digest, 0, digest.length);
        } catch (DigestException e) {
            throw QuernException.internal("cannot hash a fact", e);
        }
        return new StateHash(digestView.getLong(0), digestView.getLong(8));
    }
}
