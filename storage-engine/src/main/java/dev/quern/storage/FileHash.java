package dev.quern.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;

/// The SHA-256 of a file, read piece by piece.
final class FileHash {
    private static final int PIECE_BYTES = 1 << 20;

    private FileHash() {}

    /// 64 hex digits.
    static String of(Path file) throws IOException {
        MessageDigest digest = Checksums.sha256();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
            while (channel.read(piece) >= 0) {
                digest.update(piece.flip());
                piece.clear();
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
