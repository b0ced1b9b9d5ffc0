package dev.quern.vector;

import dev.quern.vector.FieldTuning.Outcome;
import dev.quern.vector.FieldTuning.Step;
import dev.quern.vector.SearchOutcome.Strategy;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.search.IndexSearcher;

/// Finds the narrowest width whose searches of one vector field reach a recall, on the index as it
/// was at one moment. One thread, one use; what it computes runs as [TuneTurns] has it.
///
/// A width is good if the recall is at least the target with a confidence of 95 %. From 120 it is
/// doubled until it is good, then bisected, on the assumption that a wider one finds more.
final class WidthTuner {
    /// The quantile of the normal distribution for 95 % on one side.
    private static final double CONFIDENT = 1.645;

    private static final int MIN_ANSWERS = 10;
    private static final long PIECE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /// Widths this near to each other are not told apart.
    private static final double RESOLUTION = 1.08;

    private final Setting setting;
    private final TuneTurns turns;
    private final IndexSearcher searcher;
    private final List<Answer> answers = new ArrayList<>();
    private final Map<Integer, Step> steps = new TreeMap<>();

    /// What is tuned, and how.
    record Setting(
            IndexReader reader,
            Schema schema,
            String field,
            DenseLeg.Means means,
            TuneSpec spec,
            InstantSource clock) {}

    /// What a query should find.
    ///
    /// @param docs the nearest
    /// @param worst the score of the last of them: others with the same are as good
    private record Answer(TuneQuery query, Set<Integer> docs, double worst) {}

    /// What a search found.
    private record Trial(double recall, long nanos, long visited, boolean walked) {}

    WidthTuner(Setting setting, TuneTurns turns) {
        this.setting = setting;
        this.turns = turns;
        this.searcher = new IndexSearcher(setting.reader());
    }

    /// Tunes.
    ///
    /// @param live vectors of recent searches, as they are indexed
    FieldTuning run(List<float[]> live) {
        List<TuneQuery> queries = new ArrayList<>();
        live.stream().limit(setting.spec().queries()).map(TuneQuery::live).forEach(queries::add);
        int more = setting.spec().queries() - queries.size();
        turns.run(() -> TuneQuery.stored(setting.reader(), setting.field(), more))
                .ifPresent(queries::addAll);
        if (queries.isEmpty() && !turns.isOver()) {
            return result(Outcome.EXACT, Optional.empty());
        }
        if (!answer(queries)) {
            return unfinished();
        }
        int first = Math.clamp(TunedWidth.DEFAULT, setting.spec().k(), setting.spec().maxWidth());
        // Brings in what searches read, so that the first width is not the slowest.
        List<Trial> tried = trials(first);
        if (tried.stream().noneMatch(Trial::walked)) {
            return turns.isOver() ? unfinished() : result(Outcome.EXACT, Optional.empty());
        }
        Optional<Integer> good = widen(first);
        good.ifPresent(this::narrow);
        Optional<Step> best = steps.values().stream().filter(this::isGood).findFirst();
        if (best.isPresent() && !turns.isCancelled()) {
            return result(Outcome.REACHED, best);
        }
        Step widest = steps.get(setting.spec().maxWidth());
        return widest == null || turns.isCancelled()
                ? unfinished()
                : result(Outcome.UNREACHED, Optional.of(widest));
    }

    /// Finds the exact answers, for as many queries as half of the time is enough for.
    private boolean answer(List<TuneQuery> queries) {
        int k = setting.spec().k();
        String luceneField = RowDocuments.vector(setting.field());
        for (TuneQuery query : queries) {
            if (turns.isHalfOver() && answers.size() >= MIN_ANSWERS) {
                break;
            }
            ExactScan scan = new ExactScan(setting.reader(), luceneField, query, k);
            Optional<Boolean> done;
            do {
                done = turns.run(() -> scan.advance(PIECE_NANOS));
            } while (done.isPresent() && !done.get());
            Optional<Answer> answer =
                    done.isEmpty() ? Optional.empty() : turns.run(() -> answer(query, scan));
            answer.ifPresent(answers::add);
        }
        return !turns.isOver() && answers.size() >= Math.min(queries.size(), MIN_ANSWERS);
    }

    private Answer answer(TuneQuery query, ExactScan scan) throws IOException {
        List<Ranked> nearest = leg(query, 0).score(scan.best(), query.vector());
        Set<Integer> docs = new HashSet<>();
        nearest.forEach(hit -> docs.add(hit.doc()));
        return new Answer(query, docs, nearest.isEmpty() ? 0 : nearest.getLast().score());
    }

    private DenseLeg leg(TuneQuery query, int width) {
        DenseLeg leg =
                new DenseLeg(
                        searcher,
                        new Leg.Dense(Optional.of(setting.field()), query.vector(), false, width),
                        setting.schema(),
                        setting.means(),
                        Deadline.after(Optional.<Duration>empty(), () -> 0));
        leg.leaveOut(query.heldOut());
        return leg;
    }

    /// The first good one of the width and its multiples; empty if none is, or the time is over.
    private Optional<Integer> widen(int first) {
        int width = first;
        while (true) {
            Optional<Step> step = measure(width);
            if (step.isEmpty()) {
                return Optional.empty();
            }
            if (isGood(step.get())) {
                return Optional.of(width);
            }
            if (width == setting.spec().maxWidth()) {
                return Optional.empty();
            }
            width = Math.min(2 * width, setting.spec().maxWidth());
        }
    }

    /// Looks for a narrower one that is good, between this and the widest that was not.
    private void narrow(int found) {
        int good = found;
        int bad =
                steps.keySet().stream()
                        .filter(width -> width < found)
                        .max(Integer::compare)
                        .orElse(setting.spec().k() - 1);
        while (good > Math.max(bad + 1, bad * RESOLUTION)) {
            int middle = (int) Math.round(Math.sqrt((double) good * Math.max(1, bad)));
            int width = Math.clamp(middle, bad + 1, good - 1);
            Optional<Step> step = measure(width);
            if (step.isEmpty()) {
                return;
            }
            if (isGood(step.get())) {
                good = width;
            } else {
                bad = width;
            }
        }
    }

    private boolean isGood(Step step) {
        return step.atLeast() >= setting.spec().target();
    }

    private Optional<Step> measure(int width) {
        List<Trial> trials = trials(width);
        if (trials.size() < answers.size()) {
            return Optional.empty();
        }
        Step step = step(width, trials);
        steps.put(width, step);
        return Optional.of(step);
    }

    /// One of every query, or fewer when the time is over.
    private List<Trial> trials(int width) {
        List<Trial> trials = new ArrayList<>();
        for (Answer answer : answers) {
            Optional<Trial> trial = turns.run(() -> trial(answer, width));
            if (trial.isEmpty()) {
                break;
            }
            trials.add(trial.get());
        }
        return trials;
    }

    private Trial trial(Answer answer, int width) throws IOException {
        TuneQuery query = answer.query();
        int k = setting.spec().k();
        long start = System.nanoTime();
        DenseLeg.Found found =
                leg(query, width)
                        .run(
                                false,
                                query.vector(),
                                Optional.empty(),
                                query.doc() == TuneQuery.NO_DOC ? k : k + 1);
        long nanos = System.nanoTime() - start;
        long right =
                found.ranked().stream()
                        .filter(hit -> hit.doc() != query.doc())
                        .limit(k)
                        .filter(hit ->
                                answer.docs().contains(hit.doc()) || hit.score() >= answer.worst())
                        .count();
        int nearest = answer.docs().size();
        return new Trial(
                nearest == 0 ? 1 : Math.min(right, nearest) / (double) nearest,
                nanos,
                found.plan().work().visited(),
                found.plan().strategy() == Strategy.GRAPH);
    }

    private static Step step(int width, List<Trial> trials) {
        int n = trials.size();
        double mean = trials.stream().mapToDouble(Trial::recall).average().orElse(1);
        double squares =
                trials.stream().mapToDouble(t -> (t.recall() - mean) * (t.recall() - mean)).sum();
        double error = n < 2 ? 0 : Math.sqrt(squares / (n - 1) / n);
        long[] nanos = trials.stream().mapToLong(Trial::nanos).toArray();
        Arrays.sort(nanos);
        return new Step(
                width,
                mean,
                Math.max(0, mean - CONFIDENT * error),
                nanos[n / 2] / 1_000.0,
                trials.stream().mapToLong(Trial::visited).average().orElse(-1));
    }

    private FieldTuning unfinished() {
        return result(
                turns.isCancelled() ? Outcome.CANCELLED : Outcome.OUT_OF_TIME, Optional.empty());
    }

    private FieldTuning result(Outcome outcome, Optional<Step> chosen) {
        long rows = setting.reader().numDocs();
        int live = (int) answers.stream().filter(a -> a.query().doc() == TuneQuery.NO_DOC).count();
        return new FieldTuning(
                outcome,
                chosen.map(step ->
                        new TunedWidth(
                                step.width(),
                                Optional.of(
                                        new TunedWidth.Measured(
                                                setting.spec().target(),
                                                setting.spec().k(),
                                                step.recall(),
                                                answers.size(),
                                                rows,
                                                setting.clock().instant())))),
                false,
                List.copyOf(steps.values()),
                rows,
                live,
                answers.size() - live);
    }
}
