package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.OperationStatus.State;
import dev.quern.storage.OperationStatus.Unit;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class OperationsTest {
    private static final Instant NOW = Instant.parse("2026-03-04T05:06:07Z");

    private final AtomicLong seconds = new AtomicLong();
    private final Operations operations = new Operations(() -> NOW.plusSeconds(seconds.get()));

    private OperationStatus last() {
        return operations.ended().getFirst();
    }

    @Test
    void tellsHowFarARunIsAndHowItEnded() {
        String result =
                operations.run(
                        OperationKind.GC,
                        operation -> {
                            operation.phase("mark a", Unit.CHUNKS, Operation.UNKNOWN);
                            operation.advance(7);
                            OperationStatus marking = operations.running().getFirst();
                            assertThat(marking.state()).isEqualTo(State.RUNNING);
                            assertThat(marking.done()).isEqualTo(7);
                            assertThat(marking.total()).isEmpty();
                            assertThat(marking.endedAt()).isEmpty();
                            operation.phase("sweep a", Unit.CHUNKS, 3, 10);
                            operation.advanceTo(5);
                            operation.advanceTo(4);
                            assertThat(operations.running().getFirst().done()).isEqualTo(5);
                            operation.advance(9); // the store has grown
                            seconds.set(60);
                            return "report";
                        });
        assertThat(result).isEqualTo("report");
        assertThat(operations.running()).isEmpty();
        assertThat(last().id()).hasToString("gc-" + NOW.getEpochSecond());
        assertThat(last().state()).isEqualTo(State.DONE);
        assertThat(last().phase()).isEqualTo("sweep a");
        assertThat(last().done()).isEqualTo(14);
        assertThat(last().total()).isEqualTo(OptionalLong.of(14));
        assertThat(last().startedAt()).isEqualTo(NOW);
        assertThat(last().endedAt()).contains(NOW.plusSeconds(60));
        assertThat(last().error()).isEmpty();
    }

    @Test
    void oneOfAKindRunsAndTheOtherIsNamed() {
        operations.run(
                OperationKind.FSCK,
                fsck -> {
                    for (OperationKind kind :
                            List.of(OperationKind.GC, OperationKind.FSCK, OperationKind.REPAIR)) {
                        assertThatThrownBy(() -> operations.run(kind, _ -> "never"))
                                .satisfies(
                                        e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT))
                                .hasMessageContaining("cannot start " + kind)
                                .hasMessageContaining(fsck.id().toString());
                    }
                    return operations.run(
                            OperationKind.BACKUP,
                            _ -> {
                                assertThat(operations.running()).hasSize(2);
                                assertThatThrownBy(() ->
                                                operations.run(OperationKind.BACKUP, _ -> "never"))
                                        .hasMessageContaining("backup-");
                                return "both";
                            });
                });
        assertThat(operations.ended()).isEmpty(); // they had nothing to do
    }

    @Test
    void whatIsCancelledStopsAtItsNextCheck() {
        assertThatThrownBy(() ->
                        operations.run(
                                OperationKind.COMPACT,
                                operation -> {
                                    operation.phase("copy", Unit.BYTES, 100);
                                    String id = operation.id().toString();
                                    assertThat(operations.cancel(id).state())
                                            .isEqualTo(State.CANCELLING);
                                    operation.advance(20);
                                    return "never";
                                }))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT))
                .hasMessageContaining("cancelled");
        assertThat(last().state()).isEqualTo(State.CANCELLED);
        assertThat(last().done()).isEqualTo(20);
        assertThat(operations.cancel(last().id().toString())).isEqualTo(last());
        assertThatThrownBy(() -> operations.cancel("compact-1"))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.NOT_FOUND))
                .hasMessageContaining("compact-1");
    }

    @Test
    void remembersTheLastTwentyAndWhyTheyFailed() {
        for (int i = 0; i < 25; i++) {
            String why = "disk " + i;
            assertThatThrownBy(() -> operations.run(OperationKind.GC, op -> fail(op, why)))
                    .hasMessage(why);
        }
        assertThat(operations.ended()).hasSize(Operations.MAX_ENDED);
        assertThat(last().state()).isEqualTo(State.FAILED);
        assertThat(last().error()).contains("disk 24");
        assertThat(operations.ended().stream().map(status -> status.id().number()))
                .isSortedAccordingTo((a, b) -> Long.compare(b, a))
                .doesNotHaveDuplicates();
    }

    private static String fail(Operation operation, String why) {
        operation.phase("mark", Unit.CHUNKS, 1);
        throw QuernException.internal(why, null);
    }

    @Test
    void aBatchIsSoManyChunksOrBytes() {
        Operation operation = new Operation(new OperationId(OperationKind.FSCK, 1), NOW);
        operation.phase("read", Unit.CHUNKS, 1000);
        OperationBatch batch = new OperationBatch(operation);
        for (int i = 0; i < 300; i++) {
            batch.add(1, 0);
        }
        assertThat(operation.status().done()).isEqualTo(256);
        batch.add(1, 16 << 20);
        assertThat(operation.status().done()).isEqualTo(301);
        batch.add(1, 0);
        operation.cancel();
        assertThatThrownBy(batch::flush).hasMessageContaining("cancelled");
        assertThat(operation.status().done()).isEqualTo(302);
    }

    @Test
    void closingCancelsWhatRunsAndWaitsForIt() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicBoolean ended = new AtomicBoolean();
        Thread thread =
                Thread.ofVirtual()
                        .start(() ->
                                assertThatThrownBy(() ->
                                                operations.run(
                                                        OperationKind.FSCK,
                                                        operation -> {
                                                            begun.countDown();
                                                            return forEver(operation, ended);
                                                        }))
                                        .isInstanceOf(QuernException.class));
        begun.await();
        operations.close();
        assertThat(ended).isTrue();
        assertThat(operations.running()).isEmpty();
        assertThat(last().state()).isEqualTo(State.CANCELLED);
        assertThatThrownBy(() -> operations.run(OperationKind.BACKUP, _ -> ""))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.UNAVAILABLE))
                .hasMessageContaining("being closed");
        operations.close();
        thread.join();
    }

    private static String forEver(Operation operation, AtomicBoolean ended) {
        try {
            operation.phase("read packs", Unit.BYTES, Operation.UNKNOWN);
            while (true) {
                operation.advance(1);
            }
        } finally {
            ended.set(true);
        }
    }
}
