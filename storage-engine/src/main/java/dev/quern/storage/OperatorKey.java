package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/// The 32 bytes that the operator keeps and that wrap the data keys of all spaces: with them and
/// the data directory everything can be read, without them nothing that is encrypted. Does not show
/// its bytes; two are equal when their bytes are.
public final class OperatorKey {
    private static final int BYTES = 32;
    private static final int HEX_LENGTH = 2 * BYTES;
    private static final Set<PosixFilePermission> OWNER_ONLY =
            EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

    private final byte[] bytes;

    private OperatorKey(byte[] bytes) {
        this.bytes = bytes;
    }

    /// A key from its 32 bytes, which are copied.
    ///
    /// @throws QuernException `INVALID` for another length
    public static OperatorKey of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw QuernException.invalid(
                    "operator key must have " + BYTES + " bytes, got " + bytes.length);
        }
        return new OperatorKey(bytes.clone());
    }

    /// A key as text, as in an environment variable: 64 hex digits, or base64. White space around
    /// it is left out.
    ///
    /// @throws QuernException `INVALID` for anything else, without showing it
    public static OperatorKey parse(String text) {
        String trimmed = text.strip();
        try {
            return of(
                    trimmed.length() == HEX_LENGTH
                            ? HexFormat.of().parseHex(trimmed)
                            : Base64.getDecoder().decode(trimmed));
        } catch (IllegalArgumentException e) {
            throw QuernException.invalid(
                    "operator key must be 64 hex digits or 32 bytes as base64, got neither in "
                            + trimmed.length()
                            + " characters");
        }
    }

    /// A key from a file that only its owner may read (mode 0600 or 0400): the text of [#parse], or
    /// just the 32 bytes.
    ///
    /// @throws QuernException `INVALID` naming the file if others may read it or it holds no key;
    ///   `UNAVAILABLE` if it cannot be read
    public static OperatorKey read(Path file) {
        try {
            Set<PosixFilePermission> mode = Files.getPosixFilePermissions(file);
            if (!OWNER_ONLY.containsAll(mode)) {
                throw QuernException.invalid(
                        "operator key file "
                                + file
                                + " must have mode rw------- or r--------, got "
                                + PosixFilePermissions.toString(mode));
            }
            byte[] content = Files.readAllBytes(file);
            return content.length == BYTES
                    ? of(content)
                    : parse(new String(content, StandardCharsets.ISO_8859_1));
        } catch (UnsupportedOperationException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "operator key file " + file + " lies where files have no POSIX mode",
                    e);
        } catch (IOException e) {
            throw StorageErrors.of("cannot read operator key file " + file, e);
        } catch (QuernException e) {
            throw new QuernException(
                    e.kind(), "operator key file " + file + ": " + e.getMessage(), e);
        }
    }

    SecretKey key() {
        return new SecretKeySpec(bytes, "AES");
    }

    /// Tells keys apart without showing them: 16 hex digits.
    public String fingerprint() {
        return HexFormat.of().toHexDigits(check());
    }

    /// The fingerprint as a number: the first 8 bytes of the SHA-256 of `quern operator key 1` and
    /// the key.
    long check() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update("quern operator key 1".getBytes(StandardCharsets.US_ASCII));
            return ByteBuffer.wrap(digest.digest(bytes)).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw QuernException.internal("this JDK lacks SHA-256", e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OperatorKey that && MessageDigest.isEqual(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "operator key " + fingerprint();
    }
}
