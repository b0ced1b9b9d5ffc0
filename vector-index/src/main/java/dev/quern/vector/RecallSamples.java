package dev.quern.vector;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.apache.lucene.search.IndexSearcher;
import org.jspecify.annotations.Nullable;

/// Recent dense queries of an open collection, a bounded number for each vector field, at most one
/// a second, so that they are of more than the last moment. In idle time the planner's answer to
/// one after the other is compared with the exact one, and again when the index has changed.
/// Thread-safe; the lock is held for moments only.
final class RecallSamples {
    private static final int LIMIT = 10;
    private static final Duration GAP = Duration.ofSeconds(1);

    /// The time of a comparison is up at once when it is not quiet any more.
    private static final Duration ALLOWED = Duration.ofMillis(1);

    private final int capacity;
    private final InstantSource clock;

    @GuardedBy("this")
    private final NavigableMap<String, Deque<Sample>> fields = new TreeMap<>();

    private static final class Sample {
        private final Leg.Dense leg;
        private final Optional<Filter> filter;
        private final Instant taken;
        private @Nullable Instant compared;
        private long version;
        private double recall;

        Sample(Leg.Dense leg, Optional<Filter> filter, Instant taken) {
            this.leg = leg;
            this.filter = filter;
            this.taken = taken;
        }
    }

    /// Without any samples yet.
    ///
    /// @param capacity queries of each field; 0 keeps none
    RecallSamples(int capacity, InstantSource clock) {
        this.capacity = capacity;
        this.clock = clock;
    }

    /// Notes a leg of a live search.
    ///
    /// @param leg names its field; exact ones are of no interest
    void note(Leg.Dense leg, Optional<Filter> filter) {
        if (capacity == 0 || leg.exact()) {
            return;
        }
        Instant now = clock.instant();
        synchronized (this) {
            Deque<Sample> samples =
                    fields.computeIfAbsent(leg.field().orElseThrow(), _ -> new ArrayDeque<>());
            Sample last = samples.peekLast();
            if (last != null && now.isBefore(last.taken.plus(GAP))) {
                return;
            }
            if (samples.size() == capacity) {
                samples.removeFirst();
            }
            samples.addLast(new Sample(leg, filter, now));
        }
    }

    /// Compares the answers to one query, if there is one whose answers were not compared in the
    /// index as it is.
    ///
    /// @param version changes with the index
    /// @param quiet whether to go on; what is not done then is begun anew another time
    /// @return whether one was compared
    boolean compareOne(
            IndexSearcher searcher,
            Schema schema,
            DenseLeg.Means means,
            long version,
            BooleanSupplier quiet)
            throws IOException {
        Sample sample = next(version);
        if (sample == null || !quiet.getAsBoolean()) {
            return false;
        }
        Leg.Dense leg = sample.leg;
        Leg.Dense exactly = new Leg.Dense(leg.field(), leg.vector(), true, 0);
        Set<String> nearest = new HashSet<>();
        int found = 0;
        for (Leg.Dense each : List.of(exactly, leg)) {
            SearchSpec spec = SearchSpec.of(List.of(each), sample.filter, LIMIT).withIdsOnly();
            SearchSpec timed = new SearchSpec(spec.legs(), spec.options().within(ALLOWED));
            SearchOutcome outcome =
                    new Search(
                                    schema,
                                    timed,
                                    means,
                                    () -> quiet.getAsBoolean() ? 0 : ALLOWED.toNanos())
                            .run(searcher);
            if (outcome.partial()) {
                return false;
            }
            for (Hit hit : outcome.hits()) {
                if (each.exact()) {
                    nearest.add(hit.row().id().toString());
                } else {
                    found += nearest.contains(hit.row().id().toString()) ? 1 : 0;
                }
            }
        }
        note(sample, version, nearest.isEmpty() ? 1 : found / (double) nearest.size());
        return true;
    }

    /// Whether there is a query whose answers were not compared in the index as it is.
    boolean isPending(long version) {
        return next(version) != null;
    }

    private synchronized @Nullable Sample next(long version) {
        return fields.values().stream()
                .flatMap(Deque::stream)
                .filter(sample -> sample.compared == null || sample.version != version)
                .findFirst()
                .orElse(null);
    }

    private synchronized void note(Sample sample, long version, double recall) {
        sample.compared = clock.instant();
        sample.version = version;
        sample.recall = recall;
    }

    /// The queries of a field that are remembered, newest first.
    synchronized List<float[]> vectors(String field) {
        Deque<Sample> samples = fields.get(field);
        return samples == null
                ? List.of()
                : samples.reversed().stream().map(sample -> sample.leg.vector()).toList();
    }

    /// What was found so far, by vector field.
    synchronized NavigableMap<String, FieldRecall> report() {
        NavigableMap<String, FieldRecall> report = new TreeMap<>();
        fields.forEach((field, samples) -> {
            List<Sample> done = samples.stream().filter(s -> s.compared != null).toList();
            if (!done.isEmpty()) {
                report.put(
                        field,
                        new FieldRecall(
                                done.stream().mapToDouble(s -> s.recall).average().orElse(1),
                                done.size(),
                                done.stream()
                                        .flatMap(s -> Optional.ofNullable(s.compared).stream())
                                        .max(Instant::compareTo)
                                        .orElseThrow()));
            }
        });
        return Collections.unmodifiableNavigableMap(report);
    }
}
