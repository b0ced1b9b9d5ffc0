package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkStore.PutChunk;
import dev.quern.storage.MetaLog.Fact;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/// What an engine must hold, kept beside it through faults and crashes: what it acknowledged is
/// there, byte for byte; what it did not is absent or whole; a fact implies the chunks that it
/// requires. Drives the engine and checks every answer. Not thread-safe.
final class Expected {
    private final Map<Name, byte[]> chunks = new LinkedHashMap<>();

    /// Promised to be durable, by a sync or by the store's own word.
    private final Set<Name> promised = new LinkedHashSet<>();

    /// Their put returned, no sync yet.
    private final Set<Name> put = new LinkedHashSet<>();

    private final MemoryChunkStore everyChunk = new MemoryChunkStore();
    private final MemoryMetaLog facts = new MemoryMetaLog(everyChunk);

    /// Transactions of the last group that failed so that the log may hold them, in order.
    private final List<Txn> unsure = new ArrayList<>();

    /// A chunk.
    record Name(SpaceId space, ChunkId id) {}

    /// The chunks that were ever put, in order.
    List<Name> names() {
        return List.copyOf(chunks.keySet());
    }

    byte[] bytes(Name name) {
        byte[] bytes = chunks.get(name);
        if (bytes == null) {
            throw new IllegalArgumentException("no such chunk: " + name);
        }
        return bytes;
    }

    boolean isPromised(Name name) {
        return promised.contains(name);
    }

    int acknowledged() {
        return promised.size() + Math.toIntExact(facts.appliedIndex());
    }

    /// Puts a chunk; faults pass through.
    Name put(ChunkStore store, SpaceId space, byte[] bytes) {
        Name name = know(space, bytes);
        PutChunk answer = store.put(space, MemorySegment.ofArray(bytes));
        check(answer.id().equals(name.id), "put of " + name.id + " answers " + answer.id());
        put.add(name);
        check(store.contains(space, name.id), "chunk " + name.id + " that was put is absent");
        return name;
    }

    private Name know(SpaceId space, byte[] bytes) {
        Name name = new Name(space, MemoryChunkStore.idOf(bytes));
        chunks.put(name, bytes);
        everyChunk.put(space, MemorySegment.ofArray(bytes));
        everyChunk.sync();
        return name;
    }

    /// Puts the chunks of one file.
    ///
    /// @param finish false to give it up in the end
    List<Name> putRun(ChunkStore store, SpaceId space, List<byte[]> file, boolean finish) {
        List<Name> names = file.stream().map(bytes -> know(space, bytes)).toList();
        try (ChunkRun run = store.beginRun(space)) {
            for (int i = 0; i < file.size(); i++) {
                ChunkId id = run.put(MemorySegment.ofArray(file.get(i))).id();
                check(id.equals(names.get(i).id), "put in a run answers " + id);
            }
            if (finish) {
                run.finish();
            }
        }
        if (finish) {
            put.addAll(names);
            names.forEach(name -> read(store, name));
        }
        return names;
    }

    void sync(ChunkStore store) {
        List<Name> before = List.copyOf(put);
        store.sync();
        promised.addAll(before);
        before.forEach(put::remove);
        for (Name name : before) {
            check(
                    store.isDurable(name.space, name.id),
                    "chunk " + name.id + " is not durable after a sync");
        }
    }

    /// Reads a chunk that was put at some time.
    void read(ChunkStore store, Name name) {
        byte[] read;
        try {
            read = store.read(name.space, name.id);
        } catch (QuernException e) {
            boolean may = e.kind() == ErrorKind.NOT_FOUND && !promised.contains(name);
            boolean fault = e.kind() == ErrorKind.UNAVAILABLE;
            check(
                    (may && !put.contains(name)) || fault,
                    "chunk " + name.id + promise(name) + " cannot be read: " + e.getMessage());
            return;
        }
        check(
                Arrays.equals(read, bytes(name)),
                "chunk " + name.id + " reads other bytes than were put");
    }

    private String promise(Name name) {
        return promised.contains(name) ? " (durable)" : " (not acknowledged)";
    }

    /// Commits a transaction. One that fails for want of the disk may be in or not.
    void commit(SimEngine engine, Txn txn) {
        boolean allDurable =
                txn.requires().stream()
                        .allMatch(id -> promised.contains(new Name(txn.space(), id)));
        long index;
        try {
            index = engine.facts().commit(txn);
            SimEngine.settle(engine.facts());
        } catch (QuernException e) {
            SimEngine.settle(engine.facts());
            refused(engine, txn, allDurable, e);
            return;
        }
        applied(txn, index);
    }

    private void applied(Txn txn, long index) {
        settle(index - 1);
        unsure.clear();
        long expected = facts.commit(txn);
        check(index == expected, "transaction applied at " + index + ", expected " + expected);
        for (ChunkId id : txn.requires()) {
            promised.add(new Name(txn.space(), id)); // the log has taken it as durable
        }
    }

    /// Commits transactions that require nothing as one group.
    void commitGroup(SimEngine engine, List<Txn> txns) {
        if (!unsure.isEmpty()) {
            txns.forEach(txn -> commit(engine, txn));
            return;
        }
        List<TxnQueue.Waiting> group = new ArrayList<>();
        TxnQueue queue = engine.facts().queue();
        synchronized (queue) { // so that none is taken before all are there
            txns.forEach(txn -> group.add(queue.enqueue(TxnFormat.encode(txn), txn)));
        }
        QuernException failed = null;
        for (TxnQueue.Waiting waiting : group) {
            QuernException error = answer(waiting);
            if (error != null && error.kind() != ErrorKind.CONFLICT) {
                failed = error;
                if (mayBeIn(error)) {
                    unsure.add(waiting.txn());
                }
            }
        }
        SimEngine.settle(engine.facts());
        if (failed != null) {
            throw failed;
        }
    }

    private @Nullable QuernException answer(TxnQueue.Waiting waiting) {
        try {
            applied(waiting.txn(), waiting.index().join());
            return null;
        } catch (CompletionException e) {
            if (!(e.getCause() instanceof QuernException cause)) {
                throw e;
            }
            boolean conflict = cause.kind() == ErrorKind.CONFLICT;
            check(!conflict || isConflict(waiting.txn()), "refused: " + cause.getMessage());
            return cause;
        }
    }

    private void refused(SimEngine engine, Txn txn, boolean allDurable, QuernException e) {
        switch (e.kind()) {
            case CONFLICT -> {
                settle(engine.facts().appliedIndex());
                unsure.clear();
                check(isConflict(txn), "transaction is refused: " + e.getMessage());
            }
            case INVALID ->
                    check(!allDurable, "transaction with durable chunks: " + e.getMessage());
            default -> {
                if (mayBeIn(e)) {
                    unsure.clear();
                    unsure.add(txn);
                }
                throw e;
            }
        }
    }

    /// Whether the log may hold a transaction that failed so. The group that failed before it is
    /// then out for good: its place is taken.
    private static boolean mayBeIn(QuernException e) {
        String message = String.valueOf(e.getMessage());
        return message.startsWith("cannot append") || message.startsWith("cannot force");
    }

    private boolean isConflict(Txn txn) {
        try {
            facts.commit(txn);
            return false;
        } catch (QuernException e) {
            return e.kind() == ErrorKind.CONFLICT;
        }
    }

    /// Applies the unsure transactions that the log must have applied to be at `index`.
    private void settle(long index) {
        for (Txn txn : unsure) {
            if (facts.appliedIndex() < index) {
                isConflict(txn);
            }
        }
        check(
                facts.appliedIndex() == index,
                "log is at " + index + ", acknowledged up to " + facts.appliedIndex());
    }

    /// Checks everything, in an engine that was opened again.
    void verifyAfterOpening(SimEngine engine) {
        put.clear();
        for (Name name : chunks.keySet()) {
            read(engine.chunks(), name);
            if (engine.chunks().isDurable(name.space, name.id)) {
                promised.add(name);
            }
        }
        settle(engine.facts().appliedIndex());
        unsure.clear();
        verifyFacts(engine);
        check(
                engine.facts().position().equals(facts.position()),
                "state is at " + engine.facts().position() + ", expected " + facts.position());
    }

    /// Compares the facts and reads the chunks that they name, unless a commit is unsure.
    void verifyFacts(SimEngine engine) {
        if (!unsure.isEmpty()) {
            return;
        }
        for (SpaceId space : RandomTxns.SPACES) {
            for (Key prefix : List.of(Key.of("x"), Key.of("y"), Key.of("f"))) {
                List<Fact> found = engine.facts().scan(space, prefix, Optional.empty(), 10_000);
                List<Fact> wanted = facts.scan(space, prefix, Optional.empty(), 10_000);
                check(
                        same(found, wanted),
                        "facts under " + prefix + " differ: " + found + ", expected " + wanted);
                if (prefix.equals(Key.of("f"))) {
                    found.forEach(fact -> readNamed(engine.chunks(), space, fact));
                }
            }
        }
    }

    private void readNamed(ChunkStore store, SpaceId space, Fact fact) {
        Name name = new Name(space, ChunkId.of(fact.value()));
        check(
                Arrays.equals(store.read(space, name.id), bytes(name)),
                "fact " + fact.key() + " names chunk " + name.id + " with other bytes");
    }

    private static boolean same(List<Fact> some, List<Fact> others) {
        boolean same = some.size() == others.size();
        for (int i = 0; same && i < some.size(); i++) {
            Fact one = some.get(i);
            Fact other = others.get(i);
            same =
                    one.key().equals(other.key())
                            && one.version() == other.version()
                            && one.indexed().equals(other.indexed())
                            && Arrays.equals(one.value(), other.value());
        }
        return same;
    }

    static void check(boolean holds, String violation) {
        if (!holds) {
            throw new AssertionError(violation);
        }
    }
}
