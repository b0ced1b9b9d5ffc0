package dev.quern.vector;

import dev.quern.storage.ChunkId;
import dev.quern.storage.MetaLog;
import dev.quern.vector.CheckpointFormat.Checkpoint;
import java.time.Instant;
import java.util.Optional;

/// The value of a point's fact: where the writes of a collection's history can be replayed from.
/// The last component of the key is the point's token, as [dev.quern.storage.Key#number].
///
/// | field | type |
/// |---|---|
/// | version | u8, 1 |
/// | kind | u8: 0 the collection was created empty; 1 a checkpoint; 2 a checkpoint that took the place of other rows, by a rollback |
/// | at | i64, milliseconds since 1970: every write up to `through` was committed by then |
/// | through | i64, the last write of which the files may hold a part, no less than the token |
/// | written | i64, bytes of the frames of all writes up to the token since the history began |
/// | schema | in kind 2, 32 bytes: the SHA-256 of the chunk that holds the schema of the rows before ([SchemaFormat]) |
/// | checkpoint | in kinds 1 and 2 the rest, a checkpoint fact ([CheckpointFormat]) of the point's token |
final class HistoryFormat {
    private static final int VERSION = 1;
    private static final int EMPTY = 0;
    private static final int CHECKPOINT = 1;
    private static final int ROLLBACK = 2;

    private HistoryFormat() {}

    /// A point.
    ///
    /// @param token every write up to it is in the files
    /// @param schemaBefore of a rollback: the fields of the rows before; else empty
    /// @param checkpoint empty: no row yet
    record Point(
            long token,
            Instant at,
            long through,
            long written,
            Optional<ChunkId> schemaBefore,
            Optional<Checkpoint> checkpoint) {
        /// Where a collection without rows begins.
        static Point empty(Instant at) {
            return new Point(0, at, 0, 0, Optional.empty(), Optional.empty());
        }

        /// Whether the rows are not those of the points before with the writes between.
        boolean isRollback() {
            return schemaBefore.isPresent();
        }

        /// Whether the files are the rows after the write of this token.
        boolean isExact() {
            return through == token;
        }
    }

    static byte[] encode(Point point) {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.u8(kind(point));
        out.i64(point.at().toEpochMilli());
        out.i64(point.through());
        out.i64(point.written());
        point.schemaBefore().ifPresent(schema -> out.raw(schema.bytes()));
        point.checkpoint().ifPresent(checkpoint -> out.raw(CheckpointFormat.encode(checkpoint)));
        return out.toBytes();
    }

    private static int kind(Point point) {
        if (point.checkpoint().isEmpty()) {
            return EMPTY;
        }
        return point.isRollback() ? ROLLBACK : CHECKPOINT;
    }

    static Point decode(MetaLog.Fact fact) {
        long token = Keys.token(fact.key());
        FrameInput in = new FrameInput("history fact of token " + token, fact.value());
        in.version(VERSION);
        int kind = in.u8();
        if (kind > ROLLBACK) {
            throw in.corrupt("has kind " + kind);
        }
        Instant at = Instant.ofEpochMilli(in.i64());
        long through = in.i64();
        long written = in.i64();
        if (through < token || written < 0) {
            throw in.corrupt("has token " + token + " through " + through + ", " + written);
        }
        Optional<ChunkId> schema =
                kind == ROLLBACK
                        ? Optional.of(ChunkId.of(in.raw(TailFormat.ID_BYTES)))
                        : Optional.empty();
        Optional<Checkpoint> checkpoint =
                kind == EMPTY ? Optional.empty() : Optional.of(CheckpointFormat.decode(in.rest()));
        if (kind == EMPTY) {
            in.end();
        }
        if (checkpoint.isPresent() && checkpoint.get().token() != token) {
            throw in.corrupt("has a checkpoint of token " + checkpoint.get().token());
        }
        return new Point(token, at, through, written, schema, checkpoint);
    }
}
