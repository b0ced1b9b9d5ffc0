package dev.quern.vector;

import dev.quern.storage.ChunkId;
import dev.quern.storage.MetaLog;
import dev.quern.vector.CheckpointFormat.Checkpoint;
import java.time.Instant;

/// The value of a snapshot's fact; its name is the last component of the key.
///
/// | field | type |
/// |---|---|
/// | version | u8, 1 |
/// | created at | i64, milliseconds since 1970 |
/// | bytes | i64, of its files together |
/// | schema | 32 bytes, the SHA-256 of the chunk that holds the schema ([SchemaFormat]) |
/// | checkpoint | the rest, a checkpoint fact ([CheckpointFormat]); its files hold no later write |
final class SnapshotFormat {
    private static final int VERSION = 1;

    private SnapshotFormat() {}

    /// A snapshot as its fact says.
    ///
    /// @param version log index of the fact
    record Kept(
            String name,
            Instant createdAt,
            long bytes,
            ChunkId schema,
            Checkpoint checkpoint,
            long version)
            implements KeptState {
        @Override
        public String key() {
            return checkpoint.manifest().hex().substring(0, 16);
        }

        @Override
        public String what() {
            return "snapshot \"" + name + "\"";
        }

        SnapshotInfo info() {
            return new SnapshotInfo(name, checkpoint.token(), createdAt, checkpoint.rows(), bytes);
        }
    }

    static byte[] encode(Kept kept) {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.i64(kept.createdAt().toEpochMilli());
        out.i64(kept.bytes());
        out.raw(kept.schema().bytes());
        out.raw(CheckpointFormat.encode(kept.checkpoint()));
        return out.toBytes();
    }

    static Kept decode(MetaLog.Fact fact) {
        String name = fact.key().last();
        FrameInput in = new FrameInput("snapshot fact \"" + name + "\"", fact.value());
        in.version(VERSION);
        Instant createdAt = Instant.ofEpochMilli(in.i64());
        long bytes = in.i64();
        if (bytes < 0) {
            throw in.corrupt("has " + bytes + " bytes");
        }
        ChunkId schema = ChunkId.of(in.raw(TailFormat.ID_BYTES));
        Checkpoint checkpoint = CheckpointFormat.decode(in.rest());
        return new Kept(name, createdAt, bytes, schema, checkpoint, fact.version());
    }
}
