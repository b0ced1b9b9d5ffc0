package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkStore.PutChunk;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
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

    /// Those that were unsure before in the same place of the log, and came to nothing as far as
    /// the process could tell. A segment that was begun for the next one goes when that one fails,
    /// too; then an opening may find one of these.
    private final List<List<Txn>> former = new ArrayList<>();

    /// All that `facts` has taken.
    private final List<Txn> taken = new ArrayList<>();

    private final ExpectedGc gc = new ExpectedGc();

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
        gc.touched(name);
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
            names.forEach(gc::touched);
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
            gc.touched(name);
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

    /// Passes everything on and takes note of what is committed.
    MetaLog recording(EmbeddedMetaLog log) {
        return new ForwardingMetaLog() {
            @Override
            protected MetaLog below() {
                return log;
            }

            @Override
            public long commit(Txn txn) {
                return Expected.this.commit(log, txn);
            }
        };
    }

    /// Commits a transaction. One that fails for want of the disk may be in or not.
    void commit(SimEngine engine, Txn txn) {
        try {
            commit(engine.facts(), txn);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.CONFLICT && e.kind() != ErrorKind.INVALID) {
                throw e;
            }
        }
    }

    private long commit(EmbeddedMetaLog log, Txn txn) {
        boolean allDurable =
                txn.requires().stream()
                        .allMatch(id -> promised.contains(new Name(txn.space(), id)));
        long index;
        try {
            index = log.commit(txn);
            SimEngine.settle(log);
        } catch (QuernException e) {
            SimEngine.settle(log);
            refused(log, txn, allDurable, e);
            throw e;
        }
        applied(txn, index);
        return index;
    }

    private void applied(Txn txn, long index) {
        settle(index - 1);
        unsure.clear();
        former.clear();
        long expected = facts.commit(txn);
        taken.add(txn);
        check(index == expected, "transaction applied at " + index + ", expected " + expected);
        for (ChunkId id : txn.requires()) {
            Name name = new Name(txn.space(), id);
            promised.add(name); // the log has taken it as durable
            gc.touched(name);
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

    private void refused(EmbeddedMetaLog log, Txn txn, boolean allDurable, QuernException e) {
        switch (e.kind()) {
            case CONFLICT -> {
                settle(log.appliedIndex());
                passUnsure();
                check(isConflict(txn), "transaction is refused: " + e.getMessage());
            }
            case INVALID ->
                    check(!allDurable, "transaction with durable chunks: " + e.getMessage());
            default -> {
                if (mayBeIn(e)) {
                    passUnsure();
                    unsure.add(txn);
                }
            }
        }
    }

    private void passUnsure() {
        if (!unsure.isEmpty()) {
            former.add(List.copyOf(unsure));
            unsure.clear();
        }
    }

    /// Whether the log may hold a transaction that failed so. The group that failed before it is
    /// then out, unless an opening finds it.
    private static boolean mayBeIn(QuernException e) {
        String message = String.valueOf(e.getMessage());
        return message.startsWith("cannot append") || message.startsWith("cannot force");
    }

    private boolean isConflict(Txn txn) {
        boolean conflict = !takes(facts, txn);
        if (!conflict) {
            taken.add(txn);
        }
        return conflict;
    }

    private static boolean takes(MemoryMetaLog log, Txn txn) {
        try {
            log.commit(txn);
            return true;
        } catch (QuernException e) {
            return e.kind() != ErrorKind.CONFLICT;
        }
    }

    /// As [#settle(long)] after an opening, which may have found former ones in their place.
    private void settle(LogPosition found) {
        if (!leadsTo(unsure, found)) {
            former.stream()
                    .filter(group -> leadsTo(group, found))
                    .findFirst()
                    .ifPresent(group -> {
                        unsure.clear();
                        unsure.addAll(group);
                    });
        }
        settle(found.index());
        unsure.clear();
        former.clear();
    }

    private boolean leadsTo(List<Txn> group, LogPosition position) {
        MemoryMetaLog trial = new MemoryMetaLog(everyChunk);
        taken.forEach(trial::commit);
        for (Txn txn : group) {
            if (trial.appliedIndex() < position.index()) {
                takes(trial, txn);
            }
        }
        return trial.position().equals(position);
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

    /// Holds chunks as somebody does who puts or reads some.
    void pinned(Name name) {
        gc.pinned(name);
    }

    boolean writes(SpaceId space, long now) {
        return gc.writes(space, now);
    }

    void letGo() {
        gc.letGo();
    }

    void powerLost() {
        gc.powerLost();
    }

    /// Collects garbage; faults pass through.
    ///
    /// @return whether every space was looked at
    boolean collect(SimEngine engine, GcRequest request) {
        try {
            GcReport report = engine.maintenance().gc(request);
            return report.spaces().stream().allMatch(space -> space.problem().isEmpty());
        } finally {
            if (!request.dryRun() && unsure.isEmpty()) {
                List<Name> removed = gc.ran(garbage(), engine.millis(), request.grace().toMillis());
                removed.forEach(promised::remove);
                removed.forEach(put::remove);
            }
        }
    }

    /// The chunks that no fact leads to.
    private List<Name> garbage() {
        Set<Name> needed = needed();
        return chunks.keySet().stream().filter(name -> !needed.contains(name)).toList();
    }

    /// The chunks that the facts lead to.
    private Set<Name> needed() {
        Set<Name> needed = new LinkedHashSet<>();
        for (SpaceId space : RandomTxns.SPACES) {
            new TestRoots(facts)
                    .visit(
                            space,
                            new RootVisitor() {
                                @Override
                                public void chunk(ChunkId id, Supplier<String> what) {
                                    needed.add(new Name(space, id));
                                }

                                @Override
                                public void node(
                                        ChunkId id,
                                        Supplier<String> what,
                                        Consumer<byte[]> children) {
                                    needed.add(new Name(space, id));
                                    children.accept(bytes(new Name(space, id)));
                                }
                            });
        }
        return needed;
    }

    /// Checks that garbage is gone, after two runs without a fault and a grace between them.
    void verifyCollected(SimEngine engine) {
        for (Name name : garbage()) {
            check(
                    !gc.isFree(name) || !engine.chunks().has(name.space, name.id),
                    "chunk " + name.id + " is there, though no fact needs it");
        }
    }

    /// Checks everything, in an engine that was opened again.
    void verifyAfterOpening(SimEngine engine) {
        put.clear();
        for (Name name : chunks.keySet()) {
            read(engine.chunks(), name);
            if (engine.chunks().has(name.space, name.id)) {
                promised.add(name);
            }
        }
        settle(engine.facts().position());
        verifyFacts(engine);
        check(
                engine.facts().position().equals(facts.position()),
                "state is at " + engine.facts().position() + ", expected " + facts.position());
    }

    /// Reads every chunk.
    void verifyChunks(ChunkStore store) {
        chunks.keySet().forEach(name -> read(store, name));
    }

    /// Compares the facts and reads the chunks that they need, unless a commit is unsure.
    void verifyFacts(SimEngine engine) {
        if (!unsure.isEmpty()) {
            return;
        }
        FactComparison comparison = new FactComparison(engine.facts(), facts);
        for (SpaceId space : RandomTxns.SPACES) {
            for (String kind : List.of("x", "y", "file", "list")) {
                comparison.verifyFacts(space, Key.of(kind));
            }
            for (String kind : List.of("x", "y", "by")) {
                comparison.verifyIndex(space, Key.of(kind));
            }
        }
        for (Name name : needed()) {
            check(
                    Arrays.equals(engine.chunks().read(name.space, name.id), bytes(name)),
                    "facts need chunk " + name.id + ", which has other bytes");
        }
    }

    static void check(boolean holds, String violation) {
        if (!holds) {
            throw new AssertionError(violation);
        }
    }
}
