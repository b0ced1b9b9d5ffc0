package dev.quern.storage;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/// The name of a chunk: the SHA-256 of its bytes.
///
/// @param hex 64 lower-case hex digits
public record ChunkId(String hex) {
    private static final HexFormat HEX = HexFormat.of();
    private static final Pattern FORM = Pattern.compile("[0-9a-f]{64}");

    /// Checks the form.
    public ChunkId {
        if (!FORM.matcher(hex).matches()) {
            throw QuernException.invalid(
                    "chunk id must be 64 lower-case hex digits, got \""
                            + Names.abbreviate(hex)
                            + "\"");
        }
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
