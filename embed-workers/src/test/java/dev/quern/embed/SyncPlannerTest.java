package dev.quern.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class SyncPlannerTest {
    private static final IndexPoint A = new IndexPoint("a", "**", "g1");
    private static final IndexPoint B = new IndexPoint("b", "**", "g1");

    @Test
    void firstSyncIndexesEverything() {
        SyncPlanner.Step step = SyncPlanner.next(SyncState.initial("v"), A).orElseThrow();
        assertThat(step.from()).isEmpty();
        assertThat(step.to()).isEqualTo(A);
        assertThat(step.resumed()).isFalse();
        assertThat(step.isDiff()).isFalse();
    }

    @Test
    void nothingToDoWhenInStep() {
        assertThat(SyncPlanner.next(SyncState.initial("v").ended(A), A)).isEmpty();
    }

    @Test
    void newCommitIsADiff() {
        SyncPlanner.Step step = SyncPlanner.next(SyncState.initial("v").ended(A), B).orElseThrow();
        assertThat(step.from()).contains(A);
        assertThat(step.to()).isEqualTo(B);
        assertThat(step.isDiff()).isTrue();
    }

    @Test
    void newGlobOrModelIsAppliedToTheHeldCommitFirst() {
        IndexPoint wanted = new IndexPoint("b", "*.md", "g2");
        SyncState state = SyncState.initial("v").ended(A);
        SyncPlanner.Step first = SyncPlanner.next(state, wanted).orElseThrow();
        assertThat(first.to()).isEqualTo(new IndexPoint("a", "*.md", "g2"));
        assertThat(first.isDiff()).isFalse();
        SyncPlanner.Step second = SyncPlanner.next(state.ended(first.to()), wanted).orElseThrow();
        assertThat(second.to()).isEqualTo(wanted);
        assertThat(second.isDiff()).isTrue();
    }

    @Test
    void interruptedStepIsFinishedFirst() {
        SyncState state = SyncState.initial("v").ended(A).started(B).reached(B, "x/y");
        IndexPoint wanted = new IndexPoint("c", "**", "g1");
        SyncPlanner.Step step = SyncPlanner.next(state, wanted).orElseThrow();
        assertThat(step.from()).contains(A);
        assertThat(step.to()).isEqualTo(B);
        assertThat(step.resumed()).isTrue();
        assertThat(step.after()).contains("x/y");
        assertThat(SyncPlanner.next(state.ended(B), wanted).orElseThrow().from()).contains(B);
    }

    @Test
    void statesSurviveTheirFormat() {
        SyncState state = SyncState.initial("v");
        for (SyncState each :
                new SyncState[] {
                    state,
                    state.started(A),
                    state.ended(A),
                    state.ended(A).started(B),
                    state.ended(A).reached(B, "ä/\"b\""),
                }) {
            assertThat(SyncStateFormat.decode(SyncStateFormat.encode(each), "fact"))
                    .isEqualTo(each);
        }
        assertThat(SyncState.initial("v").started(A).doing().orElseThrow().after())
                .isEqualTo(Optional.empty());
    }

    @Test
    void bytesOfAnotherFormAreCorrupt() {
        for (String bytes :
                new String[] {
                    "",
                    "{",
                    "[]",
                    "{}",
                    "null",
                    "{\"version\":2,\"volume\":\"v\"}",
                    "{\"version\":1}",
                    "{\"version\":1,\"volume\":\"v\",\"done\":{}}",
                    "{\"version\":1,\"volume\":\"v\",\"doing\":3}"
                }) {
            assertThatThrownBy(() ->
                            SyncStateFormat.decode(bytes.getBytes(StandardCharsets.UTF_8), "fact"))
                    .isInstanceOfSatisfying(
                            QuernException.class,
                            e -> assertThat(e.kind()).isEqualTo(ErrorKind.CORRUPT));
        }
    }
}
