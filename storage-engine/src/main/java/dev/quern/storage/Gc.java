package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackIndex.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
/// Runs while everything else goes on; [Maintenance] runs one at a time.
final class Gc {
    private static final Logger LOG = LoggerFactory.getLogger(Gc.class);
    private static final int PAGE = 1000;

    private final KeyedChunks chunks;
    private final MetaLog facts;
    private final RootRegistry roots;

    Gc(KeyedChunks chunks, MetaLog facts, RootRegistry roots) {
        this.chunks = chunks;
        this.facts = facts;
        this.roots = roots;
    }

    /// Looks at every space. What is wrong with one does not keep the others from being collected.
    ///
    /// @throws dev.quern.common.QuernException if the log of facts cannot be written; then nothing
    ///   is collected
    GcReport run(GcRequest request) {
        if (!request.dryRun()) {
            settle();
        }
        List<GcReport.Space> spaces = new ArrayList<>();
        for (SpaceId space : chunks.index().spaces()) {
            spaces.add(collect(space, request));
        }
        return new GcReport(request.dryRun(), spaces);
    }

    /// A transaction that failed may be in the log all the same, and at the next opening lead to
    /// chunks to which nothing leads now. Once another one is committed, it is in or out for good.
    private void settle() {
        facts.commit(Txn.in(KeyRing.SYSTEM).build());
    }

    private GcReport.Space collect(SpaceId space, GcRequest request) {
        ChunkRetention retention = chunks.retention();
        // Before anything is looked at: a writer that ends after this is still counted.
        long oldestWriter = retention.oldestWriter(space);
        GcMark mark = new GcMark(chunks, space, RateLimit.of(request.maxBytesPerSecond().bytes()));
        try {
            roots.requireOwners(space, Set.copyOf(facts.kinds(space)));
            roots.visit(space, mark);
        } catch (RuntimeException e) {
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
        GcSweep sweep =
                new GcSweep(
                        chunks.index(),
                        retention,
                        new GcSweep.Rules(
                                space,
                                now,
                                now - request.grace().toMillis(),
                                oldestWriter,
                                request.dryRun()));
        Optional<ChunkId> after = Optional.empty();
        List<Entry> page;
        do {
            page = chunks.index().scan(space, after, PAGE);
            sweep.take(page, mark::isLive);
            after = page.isEmpty() ? after : Optional.of(page.getLast().id());
        } while (page.size() == PAGE);
        return sweep.report();
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
