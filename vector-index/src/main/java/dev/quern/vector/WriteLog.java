package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkPins;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Collections' tails: the writes since the last checkpoint, or since a history begins, as facts. A
/// frame of up to [#MAX_INLINE_BYTES] lies in its fact; a larger one in chunks, durable before the
/// fact names them. Thread-safe.
final class WriteLog {
    /// Leaves room for the key and the condition in one transaction.
    static final int MAX_INLINE_BYTES = 60 << 10;

    private static final int SCAN_FACTS = 64;

    private final ChunkStore chunks;
    private final MetaLog facts;
    private final InstantSource clock;

    WriteLog(ChunkStore chunks, MetaLog facts, InstantSource clock) {
        this.chunks = chunks;
        this.facts = facts;
        this.clock = clock;
    }

    /// Receives the writes of a tail.
    interface Replay {
        /// One write, in token order.
        void write(long token, int frameBytes, WriteBatch batch);
    }

    long appliedIndex() {
        return facts.appliedIndex();
    }

    /// Makes a write durable.
    ///
    /// @return its token
    /// @throws QuernException `NOT_FOUND` if the collection was deleted meanwhile
    long append(Definition definition, byte[] frame) {
        if (frame.length <= MAX_INLINE_BYTES) {
            return append(definition, new TailFormat.Entry.Inline(frame), List.of());
        }
        try (ChunkPins _ = chunks.pinWrites(definition.space())) {
            List<ChunkId> ids = putChunks(definition, frame);
            return append(definition, new TailFormat.Entry.InChunks(ids), ids);
        }
    }

    private long append(Definition definition, TailFormat.Entry entry, List<ChunkId> ids) {
        TailFormat.Written written = new TailFormat.Written(clock.millis(), entry);
        Txn.Builder txn =
                Txn.in(definition.space())
                        .when(exists(definition))
                        .then(
                                new Txn.Mutation.Append(
                                        Keys.tail(definition.id()), TailFormat.encode(written)));
        ids.forEach(txn::require);
        try {
            return facts.commit(txn.build());
        } catch (QuernException e) {
            throw e.kind() == ErrorKind.CONFLICT ? Catalog.notFound(definition.name()) : e;
        }
    }

    /// The condition that the collection was not deleted.
    static Txn.Condition exists(Definition definition) {
        return new Txn.Condition.Version(Keys.definition(definition.name()), definition.version());
    }

    private List<ChunkId> putChunks(Definition definition, byte[] frame) {
        List<ChunkId> ids = new ArrayList<>();
        MemorySegment segment = MemorySegment.ofArray(frame);
        for (long at = 0; at < frame.length; at += ChunkStore.MAX_CHUNK_BYTES) {
            long length = Math.min(ChunkStore.MAX_CHUNK_BYTES, frame.length - at);
            ids.add(chunks.put(definition.space(), segment.asSlice(at, length)).id());
        }
        chunks.sync();
        return ids;
    }

    /// Whether no write came after a token.
    boolean isEmptyAfter(Definition definition, long token) {
        return scan(definition, Keys.tailThrough(definition.id(), token), 1).isEmpty();
    }

    /// Whether a token is that of a write which the tail still has.
    boolean has(Definition definition, long token) {
        List<MetaLog.Fact> next =
                token == 0
                        ? List.of()
                        : scan(definition, Keys.tailThrough(definition.id(), token - 1), 1);
        return !next.isEmpty() && Keys.token(next.getFirst().key()) == token;
    }

    /// The last write of a run of writes that were sent at a moment or before.
    ///
    /// @param afterToken the run begins after it
    /// @param through the greatest token that counts
    /// @return its token; `afterToken` if the first one came later
    long last(Definition definition, long afterToken, long through, Instant moment) {
        long last = afterToken;
        Key after = Keys.tailThrough(definition.id(), afterToken);
        for (List<MetaLog.Fact> facts = scan(definition, after, SCAN_FACTS);
                !facts.isEmpty();
                facts = scan(definition, after, SCAN_FACTS)) {
            for (MetaLog.Fact fact : facts) {
                long token = Keys.token(fact.key());
                if (token > through
                        || TailFormat.decode(fact.value()).at() > moment.toEpochMilli()) {
                    return last;
                }
                last = token;
            }
            after = facts.getLast().key();
        }
        return last;
    }

    /// Reads every write after a token.
    ///
    /// @throws QuernException `CORRUPT` naming the token
    void replay(Definition definition, long afterToken, Replay replay) {
        replay(definition, afterToken, Long.MAX_VALUE, replay);
    }

    /// Reads every write after a token, up to another.
    ///
    /// @throws QuernException `CORRUPT` naming the token
    void replay(Definition definition, long afterToken, long through, Replay replay) {
        Key after = Keys.tailThrough(definition.id(), afterToken);
        for (List<MetaLog.Fact> facts = scan(definition, after, SCAN_FACTS);
                !facts.isEmpty();
                facts = scan(definition, after, SCAN_FACTS)) {
            for (MetaLog.Fact fact : facts) {
                long token = Keys.token(fact.key());
                if (token > through) {
                    return;
                }
                byte[] frame = frame(definition, token, fact.value());
                replay.write(token, frame.length, WriteFormat.decode(frame));
            }
            after = facts.getLast().key();
        }
    }

    private List<MetaLog.Fact> scan(Definition definition, Key after, int limit) {
        return facts.scan(
                definition.space(), Keys.tail(definition.id()), Optional.of(after), limit);
    }

    private byte[] frame(Definition definition, long token, byte[] value) {
        return switch (TailFormat.decode(value).entry()) {
            case TailFormat.Entry.Inline(byte[] frame) -> frame;
            case TailFormat.Entry.InChunks(List<ChunkId> ids) -> {
                ByteArrayOutputStream joined = new ByteArrayOutputStream();
                for (ChunkId id : ids) {
                    joined.writeBytes(read(definition, token, id));
                }
                yield joined.toByteArray();
            }
        };
    }

    private byte[] read(Definition definition, long token, ChunkId id) {
        try {
            return chunks.read(definition.space(), id);
        } catch (QuernException e) {
            throw unreadable("collection \"" + definition.name() + "\", write " + token, e);
        }
    }

    /// The error of reading a chunk that a fact names: one that is missing is `CORRUPT`, because
    /// what the caller asked for is there.
    static QuernException unreadable(String what, QuernException e) {
        return new QuernException(
                e.kind() == ErrorKind.NOT_FOUND ? ErrorKind.CORRUPT : e.kind(),
                what + ": " + e.getMessage(),
                e);
    }
}
