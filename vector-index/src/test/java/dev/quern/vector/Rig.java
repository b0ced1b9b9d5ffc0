package dev.quern.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.Key;
import dev.quern.storage.Maintenance;
import dev.quern.storage.MemoryChunkStore;
import dev.quern.storage.MemoryMetaLog;
import dev.quern.storage.MetaLog;
import dev.quern.storage.StorageConfig;
import dev.quern.storage.StorageEngine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.apache.lucene.util.IOUtils;
import org.jspecify.annotations.Nullable;

/// A collection service over fakes or over the real storage engine, with the accidents that it must
/// survive.
final class Rig implements AutoCloseable {
    static final SpaceId SPACE = SpaceId.DEFAULT;
    static final String NAME = "docs";

    /// Of searches that compare few rows of their own accord.
    static final DenseLeg.Means MEANS = DenseLeg.Means.of(SearchConfig.defaults().comparing(100));

    /// What lies below.
    enum Stores {
        FAKE,
        REAL
    }

    private final Path directory;
    private final UnaryOperator<CollectionConfig> settings;
    private final RandomGenerator random = Seed.random(42);
    private final @Nullable MemoryChunkStore memoryChunks;
    private final @Nullable MemoryMetaLog memoryFacts;
    private @Nullable StorageEngine engine;
    private ChunkStore chunks;
    private MetaLog facts;
    private CollectionService service;
    private int cache;
    private volatile Instant now = Instant.parse("2026-01-02T03:04:05Z");

    Rig(Path directory, Stores stores) {
        this(directory, stores, UnaryOperator.identity());
    }

    Rig(Path directory, Stores stores, UnaryOperator<CollectionConfig> settings) {
        this.directory = directory;
        this.settings = settings;
        this.memoryChunks = stores == Stores.FAKE ? new MemoryChunkStore() : null;
        this.memoryFacts = memoryChunks == null ? null : new MemoryMetaLog(memoryChunks);
        openStores();
        this.service = openService();
    }

    @SuppressWarnings("MustBeClosedChecker") // close() and the accidents close it
    private void openStores() {
        if (memoryChunks != null && memoryFacts != null) {
            chunks = new Severed.Chunks(memoryChunks);
            facts = new Severed.Facts(memoryFacts);
        } else {
            engine = StorageEngine.open(StorageConfig.in(directory.resolve("data")));
            chunks = engine.chunks();
            facts = engine.facts();
        }
    }

    private CollectionService openService() {
        return new CollectionService(
                chunks,
                facts,
                (InstantSource) () -> now,
                random,
                settings.apply(CollectionConfig.defaults(cache())));
    }

    /// A config with another checkpoint rule.
    static UnaryOperator<CollectionConfig> checkpointEvery(long rows) {
        return with(Map.of("ramBuffer", ByteSize.ofMebibytes(1), "checkpointRows", rows));
    }

    /// A config with some settings changed, by their names in [CollectionConfig].
    static UnaryOperator<CollectionConfig> with(Map<String, Object> changes) {
        return config -> {
            Map<String, Object> left = new TreeMap<>(changes);
            RecordComponent[] components = CollectionConfig.class.getRecordComponents();
            Class<?>[] types = new Class<?>[components.length];
            Object[] values = new Object[components.length];
            try {
                for (int i = 0; i < components.length; i++) {
                    types[i] = components[i].getType();
                    Object changed = left.remove(components[i].getName());
                    values[i] =
                            changed == null ? components[i].getAccessor().invoke(config) : changed;
                }
                assertThat(left).as("settings that do not exist").isEmpty();
                return CollectionConfig.class.getDeclaredConstructor(types).newInstance(values);
            } catch (ReflectiveOperationException e) {
                throw new IllegalArgumentException("cannot set " + changes, e);
            }
        };
    }

    /// A schema of one vector field, one text field and some attributes.
    static Schema schema(int dims, Metric metric, Map<String, AttributeType> attributes) {
        CollectionSchema simple =
                CollectionSchema.of(VectorField.of(dims, metric, Optional.empty()));
        return new Schema(
                1,
                new CollectionSchema(
                        simple.vectors(), simple.texts(), new TreeMap<>(attributes), false));
    }

    Path cache() {
        return directory.resolve("cache-" + cache);
    }

    /// The real stores'.
    Maintenance maintenance() {
        StorageEngine real = Objects.requireNonNull(engine);
        real.roots().register(service.roots());
        return real.maintenance();
    }

    CollectionService service() {
        return service;
    }

    ChunkStore chunks() {
        return chunks;
    }

    MetaLog facts() {
        return facts;
    }

    MemoryMetaLog memoryFacts() {
        if (memoryFacts == null) {
            throw new IllegalStateException("not on fakes");
        }
        return memoryFacts;
    }

    MemoryChunkStore memoryChunks() {
        if (memoryChunks == null) {
            throw new IllegalStateException("not on fakes");
        }
        return memoryChunks;
    }

    /// Lets time pass, and has what is idle by then merged in the background.
    void pass(Duration time) {
        now = now.plus(time);
        service.mergeIdle();
    }

    /// Lets a little time pass, and nothing else.
    ///
    /// @return the time before
    Instant tick() {
        Instant before = now;
        now = now.plusMillis(1);
        return before;
    }

    /// Merges until nothing is left to merge.
    CollectionStats settle() throws InterruptedException {
        return settle(service, NAME);
    }

    static CollectionStats settle(CollectionService service, String name)
            throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        Object never = new Object();
        while (service.merge(SPACE, name)) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            synchronized (never) {
                never.wait(20);
            }
        }
        return service.stats(SPACE, name);
    }

    /// Closes everything in order and opens it again.
    void restart() {
        service.close();
        reopenStores();
        service = openService();
    }

    private void reopenStores() {
        if (engine != null) {
            engine.close();
        }
        openStores();
    }

    /// Goes on from what lies on disk at this moment, the service not closed.
    void crash() throws IOException {
        Path before = cache();
        cache++;
        copy(before, cache());
        if (chunks instanceof Severed.Chunks c && facts instanceof Severed.Facts f) {
            c.sever();
            f.sever();
            memoryChunks().dropUnsynced();
        }
        reopenStores();
        service = openService();
    }

    private static void copy(Path from, Path to) throws IOException {
        if (!Files.exists(from)) {
            return;
        }
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        } catch (NoSuchFileException | UncheckedIOException e) {
            // A merge removed it meanwhile; the cache is then not whole, which is part of the test.
            return;
        }
    }

    /// Closes, deletes the cache, opens.
    void loseCache() throws IOException {
        service.close();
        IOUtils.rm(cache());
        reopenStores();
        service = openService();
    }

    CollectionInfo create(int dims, Metric metric) {
        return service.create(
                SPACE, new CollectionSpec(NAME, dims, metric, Optional.empty()), false);
    }

    WriteResult upsert(Row... rows) {
        return service.write(SPACE, NAME, WriteBatch.upsert(List.of(rows)));
    }

    WriteResult write(WriteBatch batch) {
        return service.write(SPACE, NAME, batch);
    }

    SearchOutcome search(SearchSpec spec) {
        return service.search(SPACE, NAME, spec);
    }

    List<String> ids(SearchSpec spec) {
        return search(spec).hits().stream().map(hit -> hit.row().id()).toList();
    }

    /// Ids of the rows that match, by an exact search.
    List<String> matching(Filter filter, float... query) {
        return ids(SearchSpec.dense(query, 1000).where(filter)).stream().sorted().toList();
    }

    long rows() {
        return service.get(SPACE, NAME).rows();
    }

    Optional<Row> find(String id) {
        return service.find(SPACE, NAME, id);
    }

    CheckpointStore checkpoints() {
        CollectionConfig config = settings.apply(CollectionConfig.defaults(cache()));
        return new CheckpointStore(
                chunks, facts, new History(facts, () -> now, config.historyBounds()));
    }

    /// A config without histories: checkpoints cut the tail.
    static CollectionConfig withoutHistory(CollectionConfig config) {
        return with(Map.<String, Object>of("history", Duration.ZERO)).apply(config);
    }

    /// Facts of the collection's tail that no checkpoint covers.
    int tailFacts() {
        String id = service.get(SPACE, NAME).id();
        Optional<MetaLog.Fact> checkpoint = facts.find(SPACE, Keys.checkpoint(id));
        long token = checkpoint.map(f -> CheckpointFormat.decode(f.value()).token()).orElse(0L);
        Optional<Key> after = Optional.of(Keys.tailThrough(id, token));
        return facts.scan(SPACE, Keys.tail(id), after, 10_000).size();
    }

    /// Facts of the collection's tail, those of its history included.
    int keptFacts() {
        String id = service.get(SPACE, NAME).id();
        return facts.scan(SPACE, Keys.tail(id), Optional.empty(), 10_000).size();
    }

    static Row row(String id, float... vector) {
        return new Row(id, Optional.empty(), vector, Map.of());
    }

    static Row row(String id, String text, Map<String, Object> attributes, float... vector) {
        return new Row(id, Optional.of(text), vector, attributes);
    }

    static void assertKind(ErrorKind kind, String message, Runnable action) {
        assertThatThrownBy(action::run)
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(message);
    }

    @Override
    public void close() {
        service.close();
        if (engine != null) {
            engine.close();
        }
    }
}
