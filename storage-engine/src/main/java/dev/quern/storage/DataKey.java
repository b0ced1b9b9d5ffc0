package dev.quern.storage;

import dev.quern.common.QuernException;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/// One AES-256 key that chunks of one space are encrypted with. Does not show its bytes.
final class DataKey {
    static final int BYTES = 32;

    private final int id;
    private final SecretKey key;

    /// @param id numbers the keys of a space, from 1
    /// @param bytes 32 bytes, copied
    DataKey(int id, byte[] bytes) {
        if (bytes.length != BYTES) {
            throw QuernException.internal(
                    "data key must have " + BYTES + " bytes, got " + bytes.length, null);
        }
        this.id = id;
        this.key = new SecretKeySpec(bytes, "AES");
    }

    int id() {
        return id;
    }

    SecretKey key() {
        return key;
    }

    @Override
    public String toString() {
        return "data key " + id;
    }
}
