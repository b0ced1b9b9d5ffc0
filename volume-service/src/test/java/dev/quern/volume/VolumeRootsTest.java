package dev.quern.volume;

import static dev.quern.volume.Fixture.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.common.QuernException;
import dev.quern.storage.ChunkFate;
import dev.quern.storage.ChunkId;
import dev.quern.storage.GcReport;
import dev.quern.storage.GcRequest;
import dev.quern.storage.RecordedRequires;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VolumeRootsTest {
    private static final GcRequest NOW = GcRequest.defaults().withGrace(Duration.ZERO);

    @TempDir Path directory;

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /// Runs twice, so that all garbage is gone.
    private static GcReport.Space collect(Fixture fixture) {
        fixture.maintenance().gc(NOW);
        GcReport.Space report = fixture.maintenance().gc(NOW).spaces().getFirst();
        assertThat(report.problem()).isEmpty();
        return report;
    }

    @Test
    void reportsEveryChunkThatATransactionRequired() {
        try (Fixture fixture = Fixture.memory(directory)) {
            RecordedRequires recorded = new RecordedRequires();
            fixture.facts = recorded.on(fixture.facts);
            fixture.service.close();
            fixture.service = fixture.newService(Fixture.config(directory));
            Random random = new Random(1);
            fixture.create("v");
            for (int i = 0; i < 40; i++) {
                fixture.put("v", "d" + i % 3 + "/f" + i, bytes(random, random.nextInt(3000)));
                if (i % 7 == 0) {
                    fixture.put("v", "big" + i, bytes(random, 600_000));
                    fixture.commit("v");
                }
            }
            assertThat(recorded.required()).hasSizeGreaterThan(40);
            assertThat(RecordedRequires.reported(fixture.service.roots(), fixture.chunks, SPACE))
                    .containsAll(recorded.required());
        }
    }

    /// What a volume must have.
    private record Model(Map<CommitId, Map<String, byte[]>> history, Map<String, byte[]> staged) {}

    @Test
    void everyLiveReadWorksAfterEachCollection() {
        Random random = new Random(Seeds.next("VolumeRootsTest"));
        try (Fixture fixture = Fixture.durable(directory)) {
            Map<String, Model> models = new HashMap<>();
            for (int step = 0; step < 80; step++) {
                String volume = "v" + random.nextInt(3);
                Model model = models.get(volume);
                if (model == null) {
                    CommitId first = fixture.create(volume).head();
                    models.put(
                            volume,
                            new Model(new HashMap<>(Map.of(first, Map.of())), new TreeMap<>()));
                } else if (random.nextInt(20) == 0) {
                    fixture.service.delete(SPACE, volume);
                    models.remove(volume);
                } else {
                    step(fixture, random, volume, model);
                }
                if (step % 10 == 9) {
                    collect(fixture);
                    models.forEach((name, each) -> check(fixture, name, each));
                }
            }
            models.keySet().forEach(volume -> fixture.service.delete(SPACE, volume));
            GcReport.Space last = collect(fixture);
            assertThat(last.live().chunks()).isZero();
            assertThat(fixture.chunks.stats().chunks()).isZero();
        }
    }

    private static void step(Fixture fixture, Random random, String volume, Model model) {
        int dice = random.nextInt(20);
        if (dice < 12) {
            int length = dice == 0 ? 700_000 + random.nextInt(500_000) : random.nextInt(4000);
            byte[] content = bytes(random, length);
            String path = "d" + random.nextInt(4) + "/f" + random.nextInt(5);
            fixture.put(volume, path, content);
            model.staged.put(path, content);
        } else if (dice < 19) {
            Map<String, byte[]> before = model.history.get(fixture.head(volume));
            Map<String, byte[]> files = new TreeMap<>(Objects.requireNonNull(before));
            files.putAll(model.staged);
            model.staged.clear();
            model.history.put(fixture.commit(volume).id(), files);
        } else {
            fixture.service.discard(SPACE, volume, "s");
            model.staged.clear();
        }
    }

    private static void check(Fixture fixture, String volume, Model model) {
        model.history.forEach((commit, files) ->
                files.forEach((path, content) ->
                        assertThat(fixture.read(volume, commit, path)).isEqualTo(content)));
        assertThat(fixture.maintenance().fsck(new ByteSize(0)).isClean()).isTrue();
    }

    @Test
    void whatIsOpenStaysReadableWhenItsVolumeIsDeleted() throws IOException {
        try (Fixture fixture = Fixture.durable(directory)) {
            byte[] content = bytes(new Random(1), 3_000_000);
            fixture.create("v");
            fixture.put("v", "a/b", content);
            CommitId head = fixture.commit("v").id();
            try (FileContent open =
                            fixture.service.open(SPACE, "v", head, VolumePath.parse("a/b"));
                    InputStream stream = open.stream(0, content.length)) {
                assertThat(stream.read()).isEqualTo(content[0] & 0xFF);
                fixture.service.delete(SPACE, "v");
                assertThat(collect(fixture).live().chunks()).isGreaterThan(1);
                assertThat(stream.readAllBytes()).hasSize(content.length - 1);
            }
            assertThat(collect(fixture).live().chunks()).isZero();
        }
    }

    @Test
    void aWriteThatTakesLongerThanTheGraceKeepsItsChunks() {
        try (Fixture fixture = Fixture.durable(directory)) {
            fixture.create("v");
            byte[] content = bytes(new Random(1), 5_000_000);
            InputStream slow =
                    new ByteArrayInputStream(content) {
                        private int reads;

                        @Override
                        public synchronized int read(byte[] target, int from, int length) {
                            if (reads++ % 10 == 0) {
                                collect(fixture);
                            }
                            return super.read(target, from, Math.min(length, 100_000));
                        }
                    };
            fixture.service.put(SPACE, "v", "s", VolumePath.parse("f"), slow);
            collect(fixture);
            CommitId head = fixture.commit("v").id();
            collect(fixture);
            assertThat(fixture.read("v", head, "f")).isEqualTo(content);
        }
    }

    @Test
    void saysWhichFileAChunkIsFor() throws IOException {
        try (Fixture fixture = Fixture.durable(directory)) {
            fixture.create("models");
            byte[] content = bytes(new Random(1), 1000);
            String hash = fixture.put("models", "a/w.bin", content).hash();
            ChunkFate staged = fixture.maintenance().explain(new ChunkId(hash)).getFirst();
            assertThat(staged.uses()).containsExactly("volume models, session s, a/w.bin");
            CommitId one = fixture.commit("models").id();
            fixture.put("models", "other", "x");
            CommitId two = fixture.commit("models").id();
            List<String> expected = new ArrayList<>();
            for (CommitId commit : List.of(one, two)) {
                expected.add("volume models, commit " + commit + ", a/w.bin");
            }
            ChunkFate fate = fixture.maintenance().explain(new ChunkId(hash)).getFirst();
            assertThat(fate.uses()).containsExactlyInAnyOrderElementsOf(expected);
            try (VolumeView view = fixture.service.materialise(SPACE, "models", two)) {
                assertThat(Files.readAllBytes(view.path().resolve("a/w.bin"))).isEqualTo(content);
            }
        }
    }

    @Test
    void answersForAllOfItsFacts() {
        try (Fixture fixture = Fixture.durable(directory)) {
            fixture.create("v");
            fixture.put("v", "f", "x");
            assertThat(new HashSet<>(fixture.facts.kinds(SPACE)))
                    .isEqualTo(fixture.service.roots().kinds());
        } catch (QuernException e) {
            throw new AssertionError(e);
        }
    }
}
