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
        assertThat(pace.isQuick()).isFalse();
        pace.took(500_000);
        assertThat(pace.isQuick()).isTrue();
        pace.took(500_001);
        assertThat(pace.isQuick()).isFalse();
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
