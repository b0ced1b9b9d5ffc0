package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an event loop may search: nothing that might wait, and the same answers.
final class SearchAtOnceTest {
    /// A busy machine may be slow now and then.
    private static final int MAX_TRIES = 100_000;

    private static final SearchSpec PLAIN = SearchSpec.dense(new float[] {1}, 10);

    @TempDir Path directory;
    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.Stores.FAKE);
        rig.create(1, Metric.DOT);
        rig.upsert(Rig.row("r0", 1));
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private Optional<SearchOutcome> atOnce(SearchSpec spec) {
        return rig.service().searchAtOnce(SPACE, CollectionRef.of(NAME), spec);
    }

    private SearchOutcome search(SearchSpec spec) {
        return rig.service().search(SPACE, CollectionRef.of(NAME), spec);
    }

    /// Searches until a search may be run at once.
    private SearchOutcome whenSteady() {
        for (int i = 0; i < MAX_TRIES; i++) {
            Optional<SearchOutcome> outcome = atOnce(PLAIN);
            if (outcome.isPresent()) {
                return outcome.get();
            }
            search(PLAIN);
        }
        throw new AssertionError("never steady");
    }

    @Test
    void onlyAfterManyQuickOnesAndThenAsEver() {
        assertThat(atOnce(PLAIN)).isEmpty();
        search(PLAIN);
        assertThat(atOnce(PLAIN)).isEmpty();
        assertThat(whenSteady()).isEqualTo(search(PLAIN));
    }

    @Test
    void neverBeforeWhatWasWrittenShows() {
        whenSteady();
        rig.upsert(Rig.row("r1", 2));
        assertThat(atOnce(PLAIN)).isEmpty();
        assertThat(search(PLAIN).hits()).hasSize(2);
        assertThat(whenSteady().hits()).hasSize(2);
    }

    @Test
    void neverOfWhatMayTakeLonger() {
        whenSteady();
        assertThat(atOnce(PLAIN.where(new Filter.Exists("a")))).isEmpty();
        assertThat(atOnce(SearchSpec.dense(new float[] {1}, 1_000))).isEmpty();
        assertThat(atOnce(SearchSpec.bm25("a", 10))).isEmpty();
        CollectionRef ref = CollectionRef.of(NAME);
        assertThat(rig.service().searchAtOnce(SPACE, ref.with(new Consistency.AtLeast(0)), PLAIN))
                .isEmpty();
        assertThat(rig.service().searchAtOnce(SPACE, CollectionRef.at(NAME, "s"), PLAIN)).isEmpty();
    }

    @Test
    void neverOfWhatIsNotOpen() {
        whenSteady();
        assertThat(rig.service().searchAtOnce(SPACE, CollectionRef.of("other"), PLAIN)).isEmpty();
        rig.restart();
        assertThat(atOnce(PLAIN)).isEmpty();
        whenSteady();
        rig.service().delete(SPACE, NAME);
        assertThat(atOnce(PLAIN)).isEmpty();
    }

    @Test
    void saysWhatIsWrong() {
        whenSteady();
        assertThatThrownBy(() -> atOnce(SearchSpec.dense(new float[] {1, 2}, 10)))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID));
    }
}
