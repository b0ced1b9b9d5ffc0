package dev.quern.vector;

import dev.quern.storage.ChunkId;
import java.util.ArrayList;
import java.util.List;

/// The value of a tail fact: one write, inline or in chunks.
///
/// | field | type |
/// |---|---|
/// | version | u8, 2 |
/// | at | i64, milliseconds since 1970: when the write was sent to the log; version 1 had none, and counts as 0 |
/// | kind | u8: 0 inline, 1 in chunks |
/// | inline | the rest of the value is the [WriteFormat] frame |
/// | in chunks | count, SHA-256 of each (32 bytes); their bytes in order are the frame |
final class TailFormat {
    private static final int VERSION = 2;
    private static final int INLINE = 0;
    private static final int IN_CHUNKS = 1;
    static final int ID_BYTES = 32;

    private TailFormat() {}

    /// A tail fact's content.
    sealed interface Entry {
        /// The frame itself.
        record Inline(byte[] frame) implements Entry {}

        /// Chunks that hold it.
        record InChunks(List<ChunkId> ids) implements Entry {}
    }

    /// A tail fact.
    ///
    /// @param at milliseconds since 1970
    record Written(long at, Entry entry) {}

    static byte[] encode(Written written) {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.i64(written.at());
        switch (written.entry()) {
            case Entry.Inline(byte[] frame) -> {
                out.u8(INLINE);
                out.raw(frame);
            }
            case Entry.InChunks(List<ChunkId> ids) -> {
                out.u8(IN_CHUNKS);
                out.count(ids.size());
                ids.forEach(id -> out.raw(id.bytes()));
            }
        }
        return out.toBytes();
    }

    static Written decode(byte[] bytes) {
        FrameInput in = new FrameInput("tail fact", bytes);
        long at = in.version(1, VERSION) == 1 ? 0 : in.i64();
        int kind = in.u8();
        return new Written(
                at,
                switch (kind) {
                    case INLINE -> new Entry.Inline(in.rest());
                    case IN_CHUNKS -> readIds(in);
                    default -> throw in.corrupt("has kind " + kind);
                });
    }

    private static Entry readIds(FrameInput in) {
        List<ChunkId> ids = new ArrayList<>();
        for (int left = in.count(ID_BYTES); left > 0; left--) {
            ids.add(ChunkId.of(in.raw(ID_BYTES)));
        }
        in.end();
        return new Entry.InChunks(ids);
    }
}
