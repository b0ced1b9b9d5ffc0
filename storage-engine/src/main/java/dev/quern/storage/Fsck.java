package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.OperationStatus.Unit;
import dev.quern.storage.PackIndex.Entry;
import dev.quern.storage.PackIndex.Location;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Checks a store that is in use: reads every record of every pack and compares it with its
/// checksum and its name, looks for every index entry's record, and walks everything that the facts
/// need. What is damaged is quarantined, so that the next put of the same bytes stores them again.
///
/// Not thread-safe; [Operations] runs one at a time. One that is cancelled has quarantined what it
/// found until then.
final class Fsck {
    private static final Logger LOG = LoggerFactory.getLogger(Fsck.class);
    private static final int PAGE = 1000;
    private static final int MAX_PROBLEMS = 100;

    private final CheckedStore store;
    private final KeyedChunks chunks;
    private final MetaLog facts;
    private final RootRegistry roots;

    Fsck(CheckedStore store, MetaLog facts, RootRegistry roots) {
        this.store = store;
        this.chunks = store.chunks();
        this.facts = facts;
        this.roots = roots;
    }

    /// @throws QuernException `CONFLICT` if the operation is cancelled
    FsckReport run(long bytesPerSecond, Operation operation) {
        return check(bytesPerSecond, new BadChunks(), operation);
    }

    /// @param bad collects what is found
    FsckReport check(long bytesPerSecond, BadChunks bad, Operation operation) {
        Run run = new Run(RateLimit.of(bytesPerSecond), bad, operation);
        run.readPacks();
        Set<SpaceId> spaces = Spaces.all(chunks.index(), facts);
        run.index(spaces);
        run.references(spaces);
        run.unneeded();
        return run.report();
    }

    private final class Run implements CheckedStore.PackCheck {
        private final RateLimit rate;
        private final Operation operation;
        private final OperationBatch batch;
        private final Map<SpaceId, FingerprintSet> good = new HashMap<>();
        private final BadChunks bad;
        private final Map<SpaceId, Set<ChunkId>> used = new HashMap<>();
        private final List<FsckReport.Finding> findings = new ArrayList<>();
        private final List<String> problems = new ArrayList<>();
        private int packs;
        private long records;
        private long bytes;
        private long deadRecords;
        private long uses;

        Run(RateLimit rate, BadChunks bad, Operation operation) {
            this.rate = rate;
            this.operation = operation;
            this.batch = new OperationBatch(operation);
            this.bad = bad;
        }

        void readPacks() {
            store.readPacks(this);
            batch.flush();
        }

        @Override
        public void begin(long bytes) {
            operation.phase("read packs", Unit.BYTES, bytes);
        }

        @Override
        public boolean isNamed(long pack, PackRecord record) {
            records++;
            bytes += record.storedBytes();
            Location at = new Location(pack, record.offset());
            Optional<Entry> entry = chunks.index().find(record.space(), record.id());
            if (entry.isPresent() && entry.get().location().equals(at)) {
                return true;
            }
            deadRecords++;
            batch.add(record.storedBytes(), record.storedBytes());
            return false;
        }

        @Override
        public void verify(PackRecord record, Runnable verification) {
            rate.take(record.storedBytes());
            verify(record.space(), record.id(), verification);
            batch.add(record.storedBytes(), record.storedBytes());
        }

        private void verify(SpaceId space, ChunkId id, Runnable verification) {
            try {
                verification.run();
                good.computeIfAbsent(space, _ -> new FingerprintSet()).add(id);
            } catch (QuernException e) {
                switch (e.kind()) {
                    case CORRUPT -> bad.add(space, id, String.valueOf(e.getMessage()));
                    case NOT_FOUND -> LOG.debug("chunk {} is gone since", id);
                    default -> {
                        if (store.givesUpAfter(e)) {
                            throw e;
                        }
                        problem("chunk " + id + ": " + e.getMessage());
                    }
                }
            }
        }

        @Override
        public void read() {
            packs++;
        }

        @Override
        public void problem(String text) {
            if (problems.size() < MAX_PROBLEMS) {
                problems.add(text);
            }
        }

        @Override
        public void requireGoingOn() {
            operation.check();
        }

        /// Index entries whose records were not met.
        void index(Set<SpaceId> spaces) {
            operation.phase("read what is left", Unit.CHUNKS, chunks.index().chunks());
            spaces.forEach(this::index);
            batch.flush();
        }

        private void index(SpaceId space) {
            FingerprintSet met = good.computeIfAbsent(space, _ -> new FingerprintSet());
            Optional<ChunkId> after = Optional.empty();
            List<Entry> page;
            do {
                page = chunks.index().scan(space, after, PAGE);
                for (Entry entry : page) {
                    long read = 0;
                    if (!met.contains(entry.id()) && !bad.contains(space, entry.id())) {
                        rate.take(entry.storedBytes());
                        records++;
                        bytes += entry.storedBytes();
                        verify(space, entry.id(), () -> store.verify(space, entry));
                        read = entry.storedBytes();
                    }
                    batch.add(1, read);
                    after = Optional.of(entry.id());
                }
            } while (page.size() == PAGE);
        }

        /// Everything that needs a chunk which is damaged or missing.
        void references(Set<SpaceId> spaces) {
            operation.phase("follow references", Unit.CHUNKS, Operation.UNKNOWN);
            spaces.forEach(this::references);
            batch.flush();
        }

        private void references(SpaceId space) {
            int room = FsckReport.MAX_FINDINGS - findings.size();
            RootTracer tracer = new RootTracer(chunks, space, id -> isWanting(space, id), room);
            try {
                roots.requireOwners(space, Set.copyOf(facts.kinds(space)));
                roots.visit(space, tracer);
            } catch (QuernException e) {
                operation.check();
                problem("references of space " + space + ": " + e.getMessage());
            }
            uses += tracer.found();
            for (RootTracer.Use use : tracer.uses()) {
                used.computeIfAbsent(space, _ -> new HashSet<>()).add(use.id());
                String problem = bad.problem(space, use.id());
                findings.add(new FsckReport.Finding(space, use.id(), problem, use.what()));
            }
        }

        private boolean isWanting(SpaceId space, ChunkId id) {
            batch.add(1, 0);
            if (bad.contains(space, id)) {
                return true;
            }
            if (store.has(space, id)) {
                return false;
            }
            bad.add(space, id, "missing: no pack has it");
            return true;
        }

        /// Damaged chunks that nothing needs.
        void unneeded() {
            bad.known()
                    .forEach((space, ids) ->
                            ids.forEach((id, problem) -> {
                                boolean named = used.getOrDefault(space, Set.of()).contains(id);
                                if (!named
                                        && uses < FsckReport.MAX_FINDINGS
                                        && findings.size() < FsckReport.MAX_FINDINGS) {
                                    findings.add(new FsckReport.Finding(space, id, problem, ""));
                                }
                            }));
        }

        /// Packs that hold what nobody can tell matter only where something is missing.
        FsckReport report() {
            if (bad.size() > 0) {
                store.unreadable().forEach(this::problem);
            }
            long live = good.values().stream().mapToLong(FingerprintSet::size).sum();
            return new FsckReport(
                    packs, records, bytes, live, deadRecords, bad.size(), uses, findings, problems);
        }
    }
}
