package dev.quern.volume;

import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;

/// The bytes of a commit, a chunk whose name is the commit's id. Integers are big-endian. There is
/// no checksum of its own: the chunk's name is its SHA-256.
///
/// | offset | bytes | part |
/// |---|---|---|
/// | 0 | 1 | version: the number 1 |
/// | 1 | 16 | id of the volume |
/// | 17 | 8 | when, milliseconds since 1970, signed |
/// | 25 | 32 | SHA-256 of the root directory's node ([DirectoryFormat]) |
/// | 57 | 8 | files in the tree |
/// | 65 | 8 | bytes of these files |
/// | 73 | 2 + n | length of the message, then its UTF-8 |
/// | 75 + n | 1 | number of parents: 0 or 1 |
/// | 76 + n | 32 | id of the parent, if there is one |
///
/// Version rule: a reader takes every version up to its own and refuses later ones; any change of
/// these bytes is a new version.
final class CommitFormat {
    static final int VERSION = 1;

    private CommitFormat() {}

    static byte[] encode(Commit commit) {
        FormatWriter out = new FormatWriter(128 + commit.message().length());
        out.u8(VERSION).bytes(HexFormat.of().parseHex(commit.volumeId()));
        out.i64(commit.createdAt().toEpochMilli()).id(commit.root());
        out.i64(commit.files()).i64(commit.sizeBytes()).text(commit.message());
        out.u8(commit.parent().isPresent() ? 1 : 0);
        commit.parent().ifPresent(parent -> out.id(parent.chunk()));
        return out.toBytes();
    }

    /// The commit in these bytes.
    ///
    /// @throws QuernException `CORRUPT` if they are anything else
    static Commit decode(byte[] bytes, CommitId id) {
        FormatReader in = new FormatReader(bytes, "commit " + id);
        in.version(VERSION);
        String volumeId = HexFormat.of().formatHex(in.bytes(16));
        Instant createdAt = Instant.ofEpochMilli(in.i64());
        ChunkId root = in.id();
        long files = in.atLeast(0);
        long sizeBytes = in.atLeast(0);
        String message = in.text(in.u16());
        int parents = in.u8();
        if (parents > 1) {
            throw in.corrupt("number of parents must be 0 or 1, got " + parents);
        }
        Optional<CommitId> parent =
                parents == 0 ? Optional.empty() : Optional.of(CommitId.of(in.id()));
        in.end();
        return new Commit(volumeId, parent, root, createdAt, message, files, sizeBytes);
    }
}
