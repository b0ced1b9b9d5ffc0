package dev.quern.function;

import com.google.errorprone.annotations.MustBeClosed;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.SpaceId;
import dev.quern.function.CallFormat.Failed;
import dev.quern.function.CallFormat.Finished;
import dev.quern.function.CallFormat.Queued;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkPins;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.function.Predicate;

/// Calls as facts: those that are queued durably, and those that have ended, of which those that
/// ended last are kept. Bytes first, then the fact. Thread-safe.
final class CallStore {
    private static final int PAGE = 500;

    /// In one transaction.
    private static final int MAX_FORGOTTEN = 100;

    private static final Key QUEUED = Key.of("call-queued");
    private static final Key FINISHED = Key.of("call");

    private final Blobs blobs;
    private final MetaLog facts;
    private final int maxFinished;

    /// Ids of finished calls by space, in the order in which they are forgotten: those that had
    /// ended before this process by their creation, then the others by their end. A space is read
    /// when it is first needed.
    @GuardedBy("this")
    private final Map<SpaceId, SequencedSet<String>> finished = new HashMap<>();

    CallStore(Blobs blobs, MetaLog facts, int maxFinished) {
        this.blobs = blobs;
        this.facts = facts;
        this.maxFinished = maxFinished;
    }

    static CallFailure cancelledFailure() {
        return CallFailure.of(FailureReason.CANCELLED, "the call was cancelled");
    }

    /// Keeps a new call's input until [#enqueue] has named it.
    @MustBeClosed
    ChunkPins pinWrites(SpaceId space) {
        return blobs.pinWrites(space);
    }

    /// A new call's input, in the form in which [#enqueue] names it.
    LiveCall.Stored putInput(SpaceId space, Payload input) {
        Blobs.Blob blob = blobs.put(space, input.bytes(), Txn.in(space));
        blobs.sync(blob);
        return new LiveCall.Stored(input.contentType(), blob);
    }

    /// Makes a call durable in the queue.
    void enqueue(LiveCall call) {
        Key key = QUEUED.child(call.id().hex());
        Txn.Builder txn = Txn.in(call.space()).when(new Txn.Condition.Absent(key));
        String chunk = call.stored().input().chunk();
        if (chunk != null) {
            txn.require(new ChunkId(chunk));
        }
        facts.commit(txn.put(key, CallFormat.encode(queued(call, false))).build());
    }

    /// Notes how far a queued call has come: before a run (`running`) and when it is put back.
    void note(LiveCall call, boolean running) {
        Key key = QUEUED.child(call.id().hex());
        facts.commit(
                Txn.in(call.space())
                        .when(new Txn.Condition.Exists(key))
                        .put(key, CallFormat.encode(queued(call, running)))
                        .build());
    }

    private static Queued queued(LiveCall call, boolean running) {
        return new Queued(
                call.id().hex(),
                call.deployment().info().name(),
                call.deployment().info().version(),
                call.deployment().id(),
                call.createdAt().toEpochMilli(),
                call.stored().contentType(),
                call.stored().input(),
                call.attempt(),
                call.losses(),
                running);
    }

    byte[] read(SpaceId space, Blobs.Blob blob) {
        return blobs.read(space, blob);
    }

    /// Every queued call of a space, in order of creation.
    List<Queued> queued(SpaceId space) {
        List<Queued> all = new ArrayList<>();
        scan(
                space,
                QUEUED,
                fact -> {
                    all.add(CallFormat.decode(fact.value(), Queued.class, fact.key().toString()));
                    return true;
                });
        return all;
    }

    /// Makes the end of a call durable, takes it out of the queue, and forgets the oldest ends that
    /// are over the bound.
    void finish(SpaceId space, CallInfo call, boolean spawned) {
        try (ChunkPins _ = blobs.pinWrites(space)) {
            commitEnd(space, call, spawned);
        }
    }

    private void commitEnd(SpaceId space, CallInfo call, boolean spawned) {
        Txn.Builder txn = Txn.in(space);
        Finished fact = store(space, call, txn);
        if (spawned) {
            txn.delete(QUEUED.child(call.id().hex()));
        }
        txn.put(finishedKey(call.id()), CallFormat.encode(fact));
        List<String> over = over(space);
        over.forEach(old -> txn.delete(finishedKey(new CallId(old))));
        facts.commit(txn.build());
        ended(space, call.id(), over);
    }

    private Finished store(SpaceId space, CallInfo call, Txn.Builder txn) {
        Blobs.Blob none = new Blobs.Blob(null, null);
        byte[] bytes = call.output().flatMap(CallOutput::bytes).orElse(new byte[0]);
        Blobs.Blob output = blobs.put(space, bytes, txn);
        Blobs.Blob logs = blobs.put(space, utf8(call.logs()), txn);
        Failed failed = null;
        Blobs.Blob trace = none;
        Blobs.Blob pickle = none;
        if (call.failure().isPresent()) {
            CallFailure failure = call.failure().get();
            trace = blobs.put(space, utf8(failure.traceback()), txn);
            pickle = failure.pickle().map(p -> blobs.put(space, p, txn)).orElse(none);
            failed =
                    new Failed(
                            failure.reason().name(),
                            failure.type(),
                            failure.message(),
                            trace,
                            failure.pickle().isPresent() ? pickle : null);
        }
        blobs.sync(output, logs, trace, pickle);
        return new Finished(
                call.id().hex(),
                call.function(),
                call.version(),
                call.status().name(),
                call.createdAt().toEpochMilli(),
                call.output().map(CallOutput::contentType).orElse(null),
                bytes.length,
                call.output().isPresent() ? output : null,
                failed,
                logs,
                call.receipt().map(ReceiptFormat::toFact).orElse(null));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// The calls to be forgotten when one more ends.
    private synchronized List<String> over(SpaceId space) {
        SequencedSet<String> ids = finished.computeIfAbsent(space, this::readIds);
        int over = Math.clamp(ids.size() + 1L - maxFinished, 0, MAX_FORGOTTEN);
        return ids.stream().limit(over).toList();
    }

    private synchronized void ended(SpaceId space, CallId id, List<String> forgotten) {
        SequencedSet<String> ids = finished.computeIfAbsent(space, this::readIds);
        forgotten.forEach(ids::remove);
        ids.addLast(id.hex());
    }

    private SequencedSet<String> readIds(SpaceId space) {
        SequencedSet<String> ids = new LinkedHashSet<>();
        scan(
                space,
                FINISHED,
                fact -> {
                    ids.addFirst(fact.key().last());
                    return true;
                });
        return ids;
    }

    /// A call that has ended.
    ///
    /// @param full whether logs, traceback and small outputs are read too
    Optional<CallInfo> find(SpaceId space, CallId id, boolean full) {
        return facts.find(space, finishedKey(id)).map(fact -> info(space, fact, full));
    }

    /// Where the output of an ended call is.
    Optional<Blobs.Blob> findOutput(SpaceId space, CallId id) {
        return facts.find(space, finishedKey(id))
                .flatMap(fact ->
                        Optional.ofNullable(
                                CallFormat.decode(
                                                fact.value(), Finished.class, fact.key().toString())
                                        .output()));
    }

    /// Ended calls, newest first, without what they printed and returned, until the consumer says
    /// false.
    void forEachFinished(SpaceId space, Predicate<CallInfo> consumer) {
        scan(space, FINISHED, fact -> consumer.test(info(space, fact, false)));
    }

    private CallInfo info(SpaceId space, MetaLog.Fact fact, boolean full) {
        Finished value = CallFormat.decode(fact.value(), Finished.class, fact.key().toString());
        return ReceiptFormat.toInfo(value, full ? blob -> blobs.read(space, blob) : null);
    }

    private void scan(SpaceId space, Key prefix, Predicate<MetaLog.Fact> consumer) {
        Optional<Key> after = Optional.empty();
        while (true) {
            List<MetaLog.Fact> page = facts.scan(space, prefix, after, PAGE);
            for (MetaLog.Fact fact : page) {
                if (!consumer.test(fact)) {
                    return;
                }
            }
            if (page.size() < PAGE) {
                return;
            }
            after = Optional.of(page.getLast().key());
        }
    }

    private static Key finishedKey(CallId id) {
        long created = Long.parseUnsignedLong(id.hex().substring(0, 16), 16);
        String inverted = Key.number(Long.MAX_VALUE - (created & Long.MAX_VALUE));
        return FINISHED.child(inverted).child(id.hex());
    }
}
