package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class SearchPaceTest {
    private static SearchSpec dense(boolean exact, int width, Optional<Filter> filter, int limit) {
        Leg leg = new Leg.Dense(Optional.empty(), new float[] {1}, exact, width);
        return SearchSpec.of(List.of(leg), filter, limit);
    }

    @Test
    void isQuickWhenTheLastOneWas() {
        SearchPace pace = new SearchPace();
        SearchSpec plain = dense(false, 0, Optional.empty(), 10);
        assertThat(pace.isQuick()).isFalse();
        pace.took(plain, 500_000);
        assertThat(pace.isQuick()).isTrue();
        pace.took(plain, 500_001);
        assertThat(pace.isQuick()).isFalse();
    }

    @Test
    void isSteadyWhenManyOfAKindWereQuick() {
        SearchPace pace = new SearchPace();
        SearchSpec plain = dense(false, 40, Optional.empty(), 10);
        for (int i = 0; i < 31; i++) {
            pace.took(plain, 200_000);
        }
        assertThat(pace.isSteady(plain)).isFalse();
        pace.took(plain, 200_000);
        assertThat(pace.isSteady(plain)).isTrue();
        assertThat(pace.isSteady(dense(false, 63, Optional.empty(), 1))).isTrue();
        assertThat(pace.isSteady(dense(false, 64, Optional.empty(), 10))).isFalse();
        assertThat(pace.isSteady(dense(false, 0, Optional.empty(), 10))).isFalse();
        assertThat(pace.isSteady(dense(false, 40, Optional.empty(), 11))).isFalse();
        assertThat(pace.isSteady(dense(true, 40, Optional.empty(), 10))).isFalse();
    }

    @Test
    void oneSlowSearchIsForgivenAfterManyQuickOnes() {
        SearchPace pace = new SearchPace();
        SearchSpec plain = dense(false, 512, Optional.empty(), 100);
        for (int i = 0; i < 1_000; i++) {
            pace.took(plain, 1);
        }
        pace.took(plain, 200_001);
        assertThat(pace.isSteady(plain)).isTrue();
        pace.took(plain, 200_001);
        assertThat(pace.isSteady(plain)).isFalse();
        pace.took(plain, 200_001);
        for (int i = 0; i < 32; i++) {
            assertThat(pace.isSteady(plain)).isFalse();
            pace.took(plain, 1);
        }
        assertThat(pace.isSteady(plain)).isTrue();
    }

    @Test
    void onlyTheFewNearestByOneVectorArePlain() {
        Filter filter = new Filter.Exists("a");
        Leg words = new Leg.Bm25(Map.of(), "a", Leg.Syntax.PLAIN);
        SearchSpec plain = dense(false, 0, Optional.empty(), 10);
        assertThat(SearchPace.isPlain(plain)).isTrue();
        assertThat(SearchPace.isPlain(dense(false, 512, Optional.empty(), 100))).isTrue();
        assertThat(SearchPace.isPlain(dense(true, 0, Optional.empty(), 10))).isFalse();
        assertThat(SearchPace.isPlain(dense(false, 513, Optional.empty(), 10))).isFalse();
        assertThat(SearchPace.isPlain(dense(false, 0, Optional.of(filter), 10))).isFalse();
        assertThat(SearchPace.isPlain(dense(false, 0, Optional.empty(), 101))).isFalse();
        assertThat(SearchPace.isPlain(SearchSpec.of(List.of(words), Optional.empty(), 10)))
                .isFalse();
        Leg leg = plain.legs().getFirst();
        assertThat(SearchPace.isPlain(SearchSpec.of(List.of(leg, leg), Optional.empty(), 10)))
                .isFalse();
        SearchCursor cursor = new SearchCursor(990, 0.5, "a");
        assertThat(SearchPace.isPlain(new SearchSpec(plain.legs(), plain.options().from(cursor))))
                .isFalse();
    }
}
