package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.BodyForm.Seal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Key;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/// AES-256-GCM over the body of one chunk. What is authenticated with it, little-endian, so that a
/// body fits no other chunk, space or codec:
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 32 | SHA-256 of the chunk |
/// | 32 | 1 | codec |
/// | 33 | 4 | bytes of the body before encryption |
/// | 37 | 4 | bytes of the chunk |
/// | 41 | 4 | id of the data key |
/// | 45 | rest | the space's name |
///
/// A nonce is 12 random bytes for each chunk; 2^32 chunks of one key are safe, after that it must
/// be rotated.
final class BodyCipher {
    private static final int TAG_BITS = 8 * BodyForm.TAG_BYTES;

    private BodyCipher() {}

    /// What a body is bound to.
    ///
    /// @param packedBytes length before encryption
    record Binding(SpaceId space, ChunkId id, Codec codec, int packedBytes, int rawBytes) {
        byte[] bytes(int keyId) {
            byte[] name = space.value().getBytes(StandardCharsets.US_ASCII);
            return ByteBuffer.allocate(45 + name.length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put(id.bytes())
                    .put((byte) codec.code())
                    .putInt(packedBytes)
                    .putInt(rawBytes)
                    .putInt(keyId)
                    .put(name)
                    .array();
        }
    }

    /// The encrypted body, its tag at the end.
    static ByteBuffer seal(ByteBuffer packed, Binding binding, Key key, Seal seal) {
        try {
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, binding, key, seal);
            ByteBuffer out = ByteBuffer.allocate(packed.remaining() + BodyForm.TAG_BYTES);
            cipher.doFinal(packed.duplicate(), out);
            return out.flip();
        } catch (GeneralSecurityException e) {
            throw QuernException.internal("this JDK cannot encrypt with AES-GCM", e);
        }
    }

    /// The body before encryption.
    ///
    /// @param where for the message
    /// @throws QuernException `CORRUPT` if the tag does not match
    static byte[] open(ByteBuffer sealed, Binding binding, Key key, Seal seal, String where) {
        try {
            Cipher cipher = cipher(Cipher.DECRYPT_MODE, binding, key, seal);
            byte[] out = new byte[sealed.remaining() - BodyForm.TAG_BYTES];
            cipher.doFinal(sealed, ByteBuffer.wrap(out));
            return out;
        } catch (AEADBadTagException e) {
            throw QuernException.corrupt(
                    where
                            + ": chunk "
                            + binding.id
                            + " does not match its tag under data key "
                            + seal.keyId());
        } catch (GeneralSecurityException e) {
            throw QuernException.internal("this JDK cannot decrypt with AES-GCM", e);
        }
    }

    private static Cipher cipher(int mode, Binding binding, Key key, Seal seal)
            throws GeneralSecurityException {
        byte[] nonce =
                ByteBuffer.allocate(12)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(seal.nonceHigh())
                        .putInt(seal.nonceLow())
                        .array();
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(binding.bytes(seal.keyId()));
        return cipher;
    }
}
