package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.OperationStatus.Unit;
import dev.quern.storage.PackIndex.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds the chunks that no fact needs and removes them from the index, in two phases: a run
/// condemns what nothing leads to, a later one removes what is still so, once it has been condemned
/// for the grace. A put, a lookup and a pin in between rescue a chunk.
///
/// A chunk is removed only if this run did not reach it, an earlier run condemned it, nobody has
/// touched it since, it is not pinned, and it was condemned before every writer began that was
/// under way when this run did. The last of these covers a writer whose fact this run came too
/// early for. None of it rests on the length of the grace. A crash leaves a valid store: what was
/// removed may be back, as garbage.
///
/// Runs while everything else goes on; [Operations] runs one at a time. One that is cancelled while
/// it marks has changed nothing; while it sweeps, the pages before have what every run gives them.
final class Gc {
    private static final Logger LOG = LoggerFactory.getLogger(Gc.class);
    private static final int PAGE = 1000;

    private final KeyedChunks chunks;
    private final MetaLog facts;
    private final RootRegistry roots;
    private final LongAdder removedChunks = new LongAdder();
    private final LongAdder removedBytes = new LongAdder();

    Gc(KeyedChunks chunks, MetaLog facts, RootRegistry roots) {
        this.chunks = chunks;
        this.facts = facts;
        this.roots = roots;
    }

    /// Looks at every space. What is wrong with one does not keep the others from being collected.
    ///
    /// @throws QuernException if the log of facts cannot be written; then nothing is collected;
    ///   `CONFLICT` if the operation is cancelled
    GcReport run(GcRequest request, Operation operation) {
        if (!request.dryRun()) {
            settle();
        }
        Run run = new Run(request, operation, chunks.index().chunks());
        List<GcReport.Space> spaces = new ArrayList<>();
        for (SpaceId space : chunks.index().spaces()) {
            spaces.add(run.collect(space));
        }
        return new GcReport(request.dryRun(), spaces);
    }

    /// A transaction that failed may be in the log all the same, and at the next opening lead to
    /// chunks to which nothing leads now. Once another one is committed, it is in or out for good.
    private void settle() {
        facts.commit(Txn.in(KeyRing.SYSTEM).build());
    }

    /// One run, space by space.
    private final class Run {
        private final GcRequest request;
        private final Operation operation;
        private final long total;
        private long swept;

        /// @param total chunks of all spaces
        Run(GcRequest request, Operation operation, long total) {
            this.request = request;
            this.operation = operation;
            this.total = total;
        }

        GcReport.Space collect(SpaceId space) {
            ChunkRetention retention = chunks.retention();
            // Before anything is looked at: a writer that ends after this is still counted.
            long oldestWriter = retention.oldestWriter(space);
            operation.phase("mark " + space, Unit.CHUNKS, Operation.UNKNOWN);
            RateLimit rate = RateLimit.of(request.maxBytesPerSecond().bytes());
            GcMark mark = new GcMark(chunks, space, rate, operation);
            try {
                roots.requireOwners(space, Set.copyOf(facts.kinds(space)));
                roots.visit(space, mark);
            } catch (RuntimeException e) {
                operation.check();
                LOG.warn("garbage of space {} is not collected", space, e);
                return new GcReport.Space(
                        space,
                        GcReport.Count.NONE,
                        GcReport.Count.NONE,
                        GcReport.Count.NONE,
                        List.of(),
                        Optional.of(String.valueOf(e.getMessage())));
            }
            long now = retention.nowMillis();
            GcSweep.Rules rules =
                    new GcSweep.Rules(
                            space,
                            now,
                            now - request.grace().toMillis(),
                            oldestWriter,
                            request.dryRun());
            return sweep(new GcSweep(chunks.index(), retention, rules), mark, space);
        }

        private GcReport.Space sweep(GcSweep sweep, GcMark mark, SpaceId space) {
            operation.phase("sweep " + space, Unit.CHUNKS, swept, total);
            Optional<ChunkId> after = Optional.empty();
            List<Entry> page;
            do {
                page = chunks.index().scan(space, after, PAGE);
                GcReport.Count removed = sweep.take(page, mark::isLive);
                if (!request.dryRun()) {
                    removedChunks.add(removed.chunks());
                    removedBytes.add(removed.bytes());
                }
                swept += page.size();
                operation.advance(page.size());
                after = page.isEmpty() ? after : Optional.of(page.getLast().id());
            } while (page.size() == PAGE);
            return sweep.report();
        }
    }

    /// What was removed since this was made.
    GcReport.Count removed() {
        return new GcReport.Count(removedChunks.sum(), removedBytes.sum());
    }

    /// Why a chunk is kept, or what becomes of it, in every space that has it.
    ///
    /// @throws QuernException `NOT_FOUND` if none has
    List<ChunkFate> explain(ChunkId id) {
        List<ChunkFate> fates = new ArrayList<>();
        for (SpaceId space : allSpaces()) {
            RootTracer tracer = new RootTracer(chunks, space, id::equals, ChunkFate.MAX_USES);
            roots.requireOwners(space, Set.copyOf(facts.kinds(space)));
            roots.visit(space, tracer);
            Optional<Entry> entry = chunks.index().find(space, id);
            List<String> uses = tracer.uses().stream().map(RootTracer.Use::what).toList();
            if (entry.isPresent() || !uses.isEmpty()) {
                fates.add(ChunkFate.of(space, entry, uses, chunks.retention().isPinned(space, id)));
            }
        }
        if (fates.isEmpty()) {
            throw QuernException.notFound("chunk " + id + " is in no space");
        }
        return fates;
    }

    /// Those with chunks and those with facts.
    private Set<SpaceId> allSpaces() {
        return Spaces.all(chunks.index(), facts);
    }
}
