package dev.quern.vector;

import static dev.quern.vector.Rig.NAME;
import static dev.quern.vector.Rig.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConsistencyTest {
    @TempDir Path directory;
    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.Stores.FAKE);
        rig.create(1, Metric.DOT);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private long count(Consistency consistency) {
        CollectionRef ref = CollectionRef.of(NAME).with(consistency);
        long count = rig.service().count(SPACE, ref, Optional.empty());
        SearchSpec spec = SearchSpec.dense(new float[] {1}, 100);
        assertThat(rig.service().search(SPACE, ref, spec).hits()).hasSize((int) count);
        assertThat(rig.service().rows(SPACE, ref, Optional.empty(), 100, false).rows())
                .hasSize((int) count);
        assertThat(rig.service().find(SPACE, ref, "r" + (count - 1)).isPresent())
                .isEqualTo(count > 0);
        assertThat(rig.service().find(SPACE, ref, "r" + count)).isEmpty();
        return count;
    }

    @Test
    void anEventualReadIsASecondBehindAtMost() {
        rig.upsert(Rig.row("r0", 1));
        assertThat(count(new Consistency.Eventual())).isZero();
        assertThat(count(Consistency.strong())).isEqualTo(1);
        rig.upsert(Rig.row("r1", 1));
        rig.pass(Duration.ofMillis(600));
        rig.upsert(Rig.row("r2", 1));
        assertThat(count(new Consistency.Eventual())).isEqualTo(1);
        rig.pass(Duration.ofMillis(399));
        assertThat(count(new Consistency.Eventual())).isEqualTo(1);
        rig.pass(Duration.ofMillis(1));
        assertThat(count(new Consistency.Eventual())).isEqualTo(3);
        rig.upsert(Rig.row("r3", 1));
        assertThat(count(new Consistency.Eventual())).isEqualTo(3);
        assertThat(count(Consistency.strong())).isEqualTo(4);
    }

    @Test
    void aTokenShowsItsWriteAndNoMoreThanIsShown() {
        long first = rig.upsert(Rig.row("r0", 1)).token();
        assertThat(count(new Consistency.AtLeast(first))).isEqualTo(1);
        long second = rig.upsert(Rig.row("r1", 1)).token();
        assertThat(count(new Consistency.AtLeast(first))).isEqualTo(1);
        assertThat(count(new Consistency.AtLeast(0))).isEqualTo(1);
        assertThat(count(new Consistency.AtLeast(second))).isEqualTo(2);
        // A fact that is no write of this collection.
        rig.service()
                .create(SPACE, new CollectionSpec("other", 1, Metric.DOT, Optional.empty()), false);
        long other =
                rig.service()
                        .write(SPACE, "other", WriteBatch.upsert(List.of(Rig.row("x", 1))))
                        .token();
        assertThat(other).isGreaterThan(second);
        assertThat(count(new Consistency.AtLeast(other))).isEqualTo(2);
        Rig.assertKind(
                ErrorKind.INVALID,
                "got " + (other + 1),
                () -> count(new Consistency.AtLeast(other + 1)));
        Rig.assertKind(ErrorKind.INVALID, "got -1", () -> new Consistency.AtLeast(-1));
        rig.restart();
        assertThat(count(new Consistency.AtLeast(second))).isEqualTo(2);
    }
}
