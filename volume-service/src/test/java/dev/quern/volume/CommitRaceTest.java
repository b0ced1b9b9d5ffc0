package dev.quern.volume;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many at once: nothing that was acknowledged is lost, and nobody's change is overwritten unseen.
final class CommitRaceTest {
    private static final SpaceId SPACE = SpaceId.DEFAULT;
    private static final int WRITERS = 8;
    private static final int ROUNDS = 12;

    @TempDir Path directory;

    @Test
    void committersOfOneProcessAllGetThrough() throws InterruptedException, ExecutionException {
        try (Fixture fixture = Fixture.memory(directory)) {
            race(fixture, List.of(fixture.service));
        }
    }

    @Test
    void committersOfSeveralProcessesAllGetThrough()
            throws InterruptedException, ExecutionException {
        try (Fixture fixture = Fixture.durable(directory);
                VolumeService a = fixture.newService(Fixture.config(directory.resolve("a")));
                VolumeService b = fixture.newService(Fixture.config(directory.resolve("b")))) {
            race(fixture, List.of(fixture.service, a, b));
        }
    }

    private static void race(Fixture fixture, List<VolumeService> services)
            throws InterruptedException, ExecutionException {
        fixture.create("v");
        List<Future<?>> writers = new ArrayList<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int writer = 0; writer < WRITERS; writer++) {
                String session = "s" + writer;
                VolumeService service = services.get(writer % services.size());
                writers.add(executor.submit(() -> write(service, session)));
            }
        }
        for (Future<?> writer : writers) {
            writer.get();
        }
        TreeSet<String> expected = new TreeSet<>();
        for (int writer = 0; writer < WRITERS; writer++) {
            for (int round = 0; round < ROUNDS; round++) {
                expected.add("shared/s" + writer + "-" + round);
                expected.add("s" + writer + "/" + round);
            }
        }
        fixture.reopen();
        CommitId head = fixture.head("v");
        assertThat(new TreeSet<>(fixture.tree("v", head).lines().toList())).isEqualTo(expected);
        assertThat(fixture.service.history(SPACE, "v", 10_000)).hasSize(1 + WRITERS * ROUNDS);
    }

    private static void write(VolumeService service, String session) {
        for (int round = 0; round < ROUNDS; round++) {
            put(service, session, "shared/" + session + "-" + round);
            put(service, session, session + "/" + round);
            service.commit(SPACE, "v", CommitRequest.of(session, "round " + round));
        }
    }

    @Test
    void oneSessionIsCommittedOnce() throws InterruptedException, ExecutionException {
        try (Fixture fixture = Fixture.memory(directory)) {
            fixture.create("v");
            List<Future<CommitInfo>> commits = new ArrayList<>();
            try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 50; i++) {
                    String path = "f" + i;
                    commits.add(
                            executor.submit(() -> {
                                put(fixture.service, "s", path);
                                return fixture.commit("v");
                            }));
                }
            }
            for (Future<CommitInfo> commit : commits) {
                commit.get();
            }
            CommitId head = fixture.head("v");
            assertThat(fixture.tree("v", head).lines()).hasSize(50);
            assertThat(fixture.service.staged(SPACE, "v", "s").isEmpty()).isTrue();
        }
    }

    @Test
    void onlyOneOfThoseWhoExpectTheSameHeadWins() throws InterruptedException, ExecutionException {
        try (Fixture fixture = Fixture.memory(directory);
                VolumeService other = fixture.newService(Fixture.config(directory.resolve("o")))) {
            CommitId head = fixture.create("v").head();
            AtomicInteger won = new AtomicInteger();
            List<Future<?>> writers = new ArrayList<>();
            try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 20; i++) {
                    String session = "s" + i;
                    VolumeService service = i % 2 == 0 ? fixture.service : other;
                    writers.add(
                            executor.submit(() -> {
                                put(service, session, session);
                                won.addAndGet(tryCommit(service, session, head));
                            }));
                }
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
            assertThat(won).hasValue(1);
            assertThat(fixture.tree("v", fixture.head("v")).lines()).hasSize(1);
        }
    }

    private static int tryCommit(VolumeService service, String session, CommitId expected) {
        try {
            service.commit(SPACE, "v", new CommitRequest(session, Optional.of(expected), ""));
            return 1;
        } catch (QuernException e) {
            assertThat(e.kind()).isEqualTo(ErrorKind.CONFLICT);
            return 0;
        }
    }

    private static void put(VolumeService service, String session, String path) {
        service.put(
                SPACE,
                "v",
                session,
                VolumePath.parse(path),
                new ByteArrayInputStream(path.getBytes(StandardCharsets.UTF_8)));
    }
}
