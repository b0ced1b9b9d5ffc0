package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/// A data key as a fact keeps it: wrapped by the operator key with AES-256-GCM. Integers are
/// big-endian.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 1 | version, 1 |
/// | 1 | 8 | which operator key: its [OperatorKey#fingerprint] |
/// | 9 | 12 | nonce, random |
/// | 21 | 32 | the data key, encrypted |
/// | 53 | 16 | tag |
///
/// Authenticated with it, so that a key fits no other space: `quern data key 1`, 4 bytes id, the
/// space's name. Version rule as in [PackFormat].
final class WrappedKeyFormat {
    private static final int VERSION = 1;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;
    private static final int BYTES = 9 + NONCE_BYTES + DataKey.BYTES + TAG_BYTES;

    private WrappedKeyFormat() {}

    static byte[] wrap(
            OperatorKey operator, SpaceId space, int id, byte[] key, RandomGenerator random) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            byte[] wrapped = cipher(Cipher.ENCRYPT_MODE, operator, nonce, space, id).doFinal(key);
            return ByteBuffer.allocate(BYTES)
                    .put((byte) VERSION)
                    .putLong(operator.check())
                    .put(nonce)
                    .put(wrapped)
                    .array();
        } catch (GeneralSecurityException e) {
            throw QuernException.internal("this JDK cannot encrypt with AES-GCM", e);
        }
    }

    /// Which operator key a wrapped key needs.
    ///
    /// @throws QuernException `INVALID` if a later version of Quern wrote it, `CORRUPT` if it is
    ///   none
    static long check(byte[] wrapped, SpaceId space, int id) {
        if (wrapped.length > 0 && wrapped[0] != VERSION) {
            throw QuernException.invalid(
                    name(space, id)
                            + " has version "
                            + wrapped[0]
                            + ", this build reads up to "
                            + VERSION);
        }
        if (wrapped.length != BYTES) {
            throw QuernException.corrupt(
                    name(space, id) + " must have " + BYTES + " bytes, got " + wrapped.length);
        }
        return ByteBuffer.wrap(wrapped).getLong(1);
    }

    /// The data key.
    ///
    /// @throws QuernException `INVALID` if another operator key wrapped it, `CORRUPT` if its tag
    ///   does not match
    static byte[] unwrap(OperatorKey operator, SpaceId space, int id, byte[] wrapped) {
        long check = check(wrapped, space, id);
        if (check != operator.check()) {
            throw QuernException.invalid(
                    name(space, id)
                            + " needs the operator key "
                            + HexFormat.of().toHexDigits(check)
                            + ", got "
                            + operator.fingerprint());
        }
        ByteBuffer in = ByteBuffer.wrap(wrapped).position(9);
        byte[] nonce = new byte[NONCE_BYTES];
        in.get(nonce);
        byte[] sealed = new byte[in.remaining()];
        in.get(sealed);
        try {
            return cipher(Cipher.DECRYPT_MODE, operator, nonce, space, id).doFinal(sealed);
        } catch (AEADBadTagException e) {
            throw QuernException.corrupt(name(space, id) + " does not match its tag");
        } catch (GeneralSecurityException e) {
            throw QuernException.internal("this JDK cannot decrypt with AES-GCM", e);
        }
    }

    private static String name(SpaceId space, int id) {
        return "data key " + id + " of space " + space;
    }

    private static Cipher cipher(
            int mode, OperatorKey operator, byte[] nonce, SpaceId space, int id)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, operator.key(), new GCMParameterSpec(8 * TAG_BYTES, nonce));
        cipher.updateAAD("quern data key 1".getBytes(StandardCharsets.US_ASCII));
        cipher.updateAAD(ByteBuffer.allocate(4).putInt(0, id));
        cipher.updateAAD(space.value().getBytes(StandardCharsets.US_ASCII));
        return cipher;
    }
}
