package dev.quern.vector;

import dev.quern.storage.ChunkId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/// A checkpoint: a fact, and the chunk it names.
///
/// The fact: u8 version; i64 token, the last write whose effect the files hold; i64 live rows; in
/// version 2, which is for collections of which a row expires, i64 the first expiry, milliseconds
/// since 1970, and in version 1 nothing; string commit id, as in the Lucene commit's user data; 32
/// bytes, the SHA-256 that names the manifest chunk.
///
/// The manifest: u8 version (1); count of files, then for each: string name, i64 size in bytes,
/// count of chunks, the SHA-256 of each. The chunks' bytes in order are the file; each but the last
/// holds [#PIECE_BYTES].
final class CheckpointFormat {
    /// Bytes of a file in one chunk.
    static final int PIECE_BYTES = 8 << 20;

    private static final int VERSION = 1;
    private static final int EXPIRING = 2;
    private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.]{0,250}");

    private CheckpointFormat() {}

    /// The fact.
    ///
    /// @param rows live ones, those that expired since included
    /// @param expires milliseconds since 1970 before which no row expires; the greatest `long` if
    ///   none does
    record Checkpoint(long token, long rows, long expires, String commitId, ChunkId manifest) {
        /// A checkpoint of rows that stay.
        Checkpoint(long token, long rows, String commitId, ChunkId manifest) {
            this(token, rows, Long.MAX_VALUE, commitId, manifest);
        }

        /// Whether `rows` is the count of live rows still.
        boolean counts(Instant now) {
            return expires > now.toEpochMilli();
        }
    }

    /// One file of the manifest.
    record SavedFile(String name, long sizeBytes, List<ChunkId> pieces) {}

    static byte[] encode(Checkpoint checkpoint) {
        FrameOutput out = new FrameOutput();
        boolean expiring = checkpoint.expires() != Long.MAX_VALUE;
        out.u8(expiring ? EXPIRING : VERSION);
        out.i64(checkpoint.token());
        out.i64(checkpoint.rows());
        if (expiring) {
            out.i64(checkpoint.expires());
        }
        out.utf8(checkpoint.commitId());
        out.raw(checkpoint.manifest().bytes());
        return out.toBytes();
    }

    static Checkpoint decode(byte[] bytes) {
        FrameInput in = new FrameInput("checkpoint fact", bytes);
        boolean expiring = in.version(VERSION, EXPIRING) == EXPIRING;
        long token = in.i64();
        long rows = in.i64();
        long expires = expiring ? in.i64() : Long.MAX_VALUE;
        if (token < 0 || rows < 0) {
            throw in.corrupt("has token " + token + " and " + rows + " rows");
        }
        Checkpoint checkpoint =
                new Checkpoint(
                        token, rows, expires, in.utf8(), ChunkId.of(in.raw(TailFormat.ID_BYTES)));
        in.end();
        return checkpoint;
    }

    static byte[] encodeManifest(List<SavedFile> files) {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.count(files.size());
        for (SavedFile file : files) {
            out.utf8(file.name());
            out.i64(file.sizeBytes());
            out.count(file.pieces().size());
            file.pieces().forEach(piece -> out.raw(piece.bytes()));
        }
        return out.toBytes();
    }

    static List<SavedFile> decodeManifest(byte[] bytes) {
        FrameInput in = new FrameInput("checkpoint manifest", bytes);
        in.version(VERSION);
        List<SavedFile> files = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int left = in.count(10); left > 0; left--) {
            SavedFile file = readFile(in);
            if (!names.add(file.name())) {
                throw in.corrupt("names a file twice");
            }
            files.add(file);
        }
        in.end();
        return files;
    }

    private static SavedFile readFile(FrameInput in) {
        String name = in.utf8();
        if (!FILE_NAME.matcher(name).matches()) {
            throw in.corrupt("has a file name that Lucene does not use");
        }
        long sizeBytes = in.i64();
        int pieces = in.count(TailFormat.ID_BYTES);
        if (sizeBytes < 0
                || sizeBytes <= (pieces - 1L) * PIECE_BYTES
                || sizeBytes > (long) pieces * PIECE_BYTES) {
            throw in.corrupt("has " + pieces + " chunks for " + sizeBytes + " bytes");
        }
        List<ChunkId> ids = new ArrayList<>();
        for (int i = 0; i < pieces; i++) {
            ids.add(ChunkId.of(in.raw(TailFormat.ID_BYTES)));
        }
        return new SavedFile(name, sizeBytes, ids);
    }
}
