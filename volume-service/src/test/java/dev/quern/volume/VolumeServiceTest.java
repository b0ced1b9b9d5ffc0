package dev.quern.volume;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import dev.quern.storage.MemoryChunkStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// The contract on the stores' fakes, and the failures that only they can play.
final class VolumeServiceTest extends VolumeServiceContract {
    @Override
    Fixture open(Path path) {
        return Fixture.memory(path);
    }

    @Test
    void aFullDiskIsExhaustedAndNothingIsStaged() {
        MemoryChunkStore chunks = fixture.memoryChunks();
        chunks.limitCapacity(chunks.stats().storedBytes() + 300_000);
        byte[] big = new byte[2 << 20];
        new Random(1).nextBytes(big);
        assertKind(ErrorKind.EXHAUSTED, () -> fixture.put("v", "big", big), "no space left");
        assertThat(service.staged(SPACE, "v", "s").isEmpty()).isTrue();
        chunks.limitCapacity(Long.MAX_VALUE);
        fixture.put("v", "big", big);
        assertThat(fixture.read("v", fixture.commit("v").id(), "big")).isEqualTo(big);
    }

    @Test
    void aStreamThatBreaksOffStagesNothing() {
        InputStream broken =
                new SequenceInputStream(
                        new ByteArrayInputStream(new byte[300_000]),
                        new InputStream() {
                            @Override
                            public int read() throws IOException {
                                throw new IOException("connection reset");
                            }

                            @Override
                            public int read(byte[] bytes, int from, int length) throws IOException {
                                return read();
                            }
                        });
        assertKind(
                ErrorKind.UNAVAILABLE,
                () -> service.put(SPACE, "v", "s", VolumePath.parse("a"), broken),
                "the bytes of \"a\" broke off");
        assertThat(service.staged(SPACE, "v", "s").isEmpty()).isTrue();
    }

    @Test
    void whatIsAcknowledgedSurvivesAPowerCut() {
        fixture.put("v", "a", "staged");
        fixture.memoryChunks().dropUnsynced();
        CommitId head = fixture.commit("v").id();
        fixture.memoryChunks().dropUnsynced();
        fixture.reopen();
        assertThat(fixture.text("v", head, "a")).isEqualTo("staged");
    }

    @Test
    void aFailedTransactionLeavesHeadAndSessionAsTheyWere() {
        fixture.put("v", "a", "1");
        CommitId head = fixture.head("v");
        fixture.memoryFacts()
                .failNextCommit(new QuernException(ErrorKind.UNAVAILABLE, "log is away"));
        assertKind(ErrorKind.UNAVAILABLE, () -> fixture.commit("v"), "log is away");
        assertThat(fixture.head("v")).isEqualTo(head);
        assertThat(fixture.tree("v", fixture.commit("v").id())).isEqualTo("a\n");
    }

    @Test
    void aLostRaceIsTriedAgainOnlyWithoutExpectedHead() {
        CommitId head = fixture.head("v");
        fixture.put("v", "a", "1");
        fixture.memoryFacts().failNextCommit(QuernException.conflict("fact moved"));
        fixture.commit("v");
        fixture.put("v", "b", "1");
        assertKind(
                ErrorKind.CONFLICT,
                () -> service.commit(SPACE, "v", new CommitRequest("s", Optional.of(head), "")),
                "must be " + head);
    }

    @Test
    void corruptChunksAreToldNotReturned() {
        StagedPut put = fixture.put("v", "a", "1");
        CommitId head = fixture.commit("v").id();
        fixture.memoryChunks().corrupt(SPACE, new ChunkId(put.hash()));
        assertKind(ErrorKind.CORRUPT, () -> fixture.read("v", head, "a"), put.hash());
        assertThat(fixture.memoryChunks().openLeases()).isZero();
    }

    @Test
    void aSessionIsBounded() {
        VolumeConfig small =
                new VolumeConfig(
                        directory.resolve("other"),
                        ByteSize.ofMebibytes(1),
                        ByteSize.ofMebibytes(1),
                        3,
                        1,
                        1);
        try (VolumeService bounded = fixture.newService(small)) {
            for (String path : new String[] {"a", "b", "c"}) {
                bounded.put(SPACE, "v", "s", VolumePath.parse(path), bytes(path));
            }
            assertKind(
                    ErrorKind.EXHAUSTED,
                    () -> bounded.put(SPACE, "v", "s", VolumePath.parse("d"), bytes("")),
                    "has staged 3 changes");
            assertKind(
                    ErrorKind.EXHAUSTED,
                    () -> bounded.remove(SPACE, "v", "s", VolumePath.parse("a"), false),
                    "commit or discard");
            bounded.commit(SPACE, "v", CommitRequest.of("s", ""));
            bounded.put(SPACE, "v", "s", VolumePath.parse("d"), bytes(""));
            for (int i = 0; i < 600; i++) {
                bounded.put(SPACE, "v", "s" + i, VolumePath.parse("x"), bytes(""));
            }
            assertThat(bounded.staged(SPACE, "v", "s0").puts()).hasSize(1);
        }
    }

    @Test
    void seesWhatAnotherProcessStagesCommitsAndDiscards() {
        try (VolumeService other = fixture.newService(Fixture.config(directory.resolve("o")))) {
            fixture.put("v", "a", "1");
            other.put(SPACE, "v", "s", VolumePath.parse("b"), bytes("2"));
            assertThat(service.staged(SPACE, "v", "s").puts()).hasSize(2);
            other.commit(SPACE, "v", CommitRequest.of("s", ""));
            assertThat(service.staged(SPACE, "v", "s").isEmpty()).isTrue();
            fixture.put("v", "c", "3");
            assertThat(service.staged(SPACE, "v", "s").puts())
                    .containsExactly(VolumePath.parse("c"));
            other.discard(SPACE, "v", "s");
            other.put(SPACE, "v", "s", VolumePath.parse("d"), bytes("4"));
            assertThat(service.staged(SPACE, "v", "s").puts())
                    .containsExactly(VolumePath.parse("d"));
        }
    }

    @Test
    void aVolumeDeletedDuringAPutTakesNothing() throws InterruptedException {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch deleted = new CountDownLatch(1);
        InputStream slow =
                new InputStream() {
                    @Override
                    public int read() {
                        reading.countDown();
                        try {
                            deleted.await();
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                        return -1;
                    }

                    @Override
                    public int read(byte[] bytes, int from, int length) {
                        return read();
                    }
                };
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<StagedPut> put =
                    executor.submit(
                            () -> service.put(SPACE, "v", "s", VolumePath.parse("a"), slow));
            reading.await();
            service.delete(SPACE, "v");
            fixture.create("v");
            deleted.countDown();
            assertThat(put)
                    .failsWithin(Duration.ofSeconds(10))
                    .withThrowableThat()
                    .withMessageContaining("no volume \"v\" any more");
        }
        assertThat(service.staged(SPACE, "v", "s").isEmpty()).isTrue();
    }

    @Test
    void leasesAreGivenBack() {
        fixture.put("v", "a", "1");
        fixture.read("v", fixture.commit("v").id(), "a");
        assertThat(fixture.memoryChunks().openLeases()).isZero();
    }
}
