package dev.quern.storage;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.HexFormat;

/// The name of a chunk: the SHA-256 of its bytes.
///
/// @param hex 64 lower-case hex digits
public record ChunkId(String hex) {
    private static final HexFormat HEX = HexFormat.of();
    private static final int HEX_DIGITS = 64;

    /// Checks the form.
    public ChunkId {
        if (!isValid(hex)) {
            throw QuernException.invalid(
                    "chunk id must be 64 lower-case hex digits, got \""
                            + Names.abbreviate(hex)
                            + "\"");
        }
    }

    /// By hand: garbage collection makes one of each chunk, and a pattern takes most of its time.
    private static boolean isValid(String hex) {
        if (hex.length() != HEX_DIGITS) {
            return false;
        }
        for (int i = 0; i < HEX_DIGITS; i++) {
            char digit = hex.charAt(i);
            if (!(digit >= '0' && digit <= '9') && !(digit >= 'a' && digit <= 'f')) {
                return false;
            }
        }
        return true;
    }

    /// From the 32 bytes of a digest.
    public static ChunkId of(byte[] sha256) {
        return new ChunkId(HEX.formatHex(sha256));
    }

    /// The 32 bytes of the digest.
    public byte[] bytes() {
        return HEX.parseHex(hex);
    }

    @Override
    public String toString() {
        return hex;
    }
}
