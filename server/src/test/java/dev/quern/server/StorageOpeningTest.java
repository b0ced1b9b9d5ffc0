package dev.quern.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.common.wire.BackupResult;
import dev.quern.common.wire.PruneBackupsResult;
import dev.quern.common.wire.GcResult;
import dev.quern.common.wire.StorageOperation;
import dev.quern.storage.ChunkRoots;
import dev.quern.storage.Key;
import dev.quern.storage.RootVisitor;
import dev.quern.storage.StorageEngine;
import dev.quern.storage.Txn;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The engine as the settings have it, with backups, keys and metrics; no edges.
final class StorageOpeningTest {
    private static final Key FACT = Key.of("token", "a");

    private final SecureRandom random = new SecureRandom();
    private final InstantSource clock = InstantSource.system();

    @TempDir Path folder;

    private ServerConfig config(String... flags) {
        Map<String, String> all = new HashMap<>();
        all.put("data", folder.resolve("data").toString());
        for (int i = 0; i < flags.length; i += 2) {
            all.put(flags[i], flags[i + 1]);
        }
        return ServerConfig.load(all, Map.of(), Optional.empty());
    }

    private StorageEngine open(ServerConfig config, Resources resources) {
        return new StorageOpening(config.storage(), clock, random)
                .open(config.data().resolve(DataDirectory.STORE), resources);
    }

    private StorageService service(ServerConfig config, StorageEngine engine) {
        StorageBackups.Places places =
                new StorageBackups.Places(config.data(), config.storage().access(), clock, random);
        return new StorageService(
                engine,
                config.storage().tier(),
                new StorageBackups(engine, places),
                config.storage().gcGrace());
    }

    private static void commit(StorageEngine engine, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        engine.facts().commit(Txn.in(SpaceId.DEFAULT).put(FACT, bytes).build());
    }

    @Test
    void aBackupIsIncrementalAndRestoredOffline() {
        String place = "file://" + folder.resolve("backups");
        ServerConfig config = config();
        String hash;
        try (Resources resources = new Resources()) {
            StorageEngine engine = open(config, resources);
            StorageService service = service(config, engine);
            commit(engine, "one");
            BackupResult first = service.backup(place);
            assertThat(first.newFiles()).isEqualTo(first.files()).isPositive();
            assertThat(service.backup(place).newFiles()).isZero();
            hash = service.stats().stateHash();
            assertThat(service.backups(place).backups()).hasSize(2);
            assertThat(first.stateHash()).isEqualTo(hash);
            assertThatThrownBy(() -> service.backup("file://" + config.data() + "/b"))
                    .hasMessageContaining("outside of the data directory");
            assertThatThrownBy(() -> service.repair(Optional.of(place), Optional.of("x")))
                    .hasMessageContaining("backup id");
            assertThat(service.repair(Optional.of(place), Optional.empty()).lost()).isZero();
        }
        ServerConfig other = config("data", folder.resolve("other").toString());
        OfflineStorage offline = new OfflineStorage(other);
        assertThat(offline.verify(place, Optional.empty()).stateHash()).isEqualTo(hash);
        offline.restore(place, Optional.empty());
        try (Resources resources = new Resources()) {
            StorageEngine engine = open(other, resources);
            assertThat(engine.facts().position().hash().toString()).isEqualTo(hash);
        }
        assertThatThrownBy(() -> new OfflineStorage(config).restore(place, Optional.empty()))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("must be empty");
    }

    @Test
    void oldBackupsAreRemovedOffline() {
        String place = "file://" + folder.resolve("backups");
        ServerConfig config = config();
        try (Resources resources = new Resources()) {
            StorageEngine engine = open(config, resources);
            for (int i = 0; i < 3; i++) {
                commit(engine, "value " + i);
                service(config, engine).backup(place);
            }
        }
        OfflineStorage offline = new OfflineStorage(config);
        try (Resources resources = new Resources()) { // a server does the same
            StorageService service = service(config, open(config, resources));
            Optional<Duration> month = Optional.of(Duration.ofDays(30));
            assertThat(service.pruneBackups(place, 1, month, false).kept()).hasSize(3);
            assertThat(service.pruneBackups(place, 1, Optional.empty(), true).removed()).hasSize(2);
            assertThatThrownBy(() -> service.pruneBackups(place, 0, Optional.empty(), false))
                    .hasMessageContaining("1 or more");
            assertThatThrownBy(service::members).hasMessageContaining("only a tier has members");
        }
        PruneBackupsResult dry = offline.prune(place, 2, Optional.empty(), true);
        assertThat(dry.removed()).hasSize(1);
        assertThat(offline.prune(place, 2, Optional.of("30d"), false).removed()).isEmpty();
        PruneBackupsResult pruned = offline.prune(place, 2, Optional.empty(), false);
        assertThat(pruned.removed()).isEqualTo(dry.removed());
        assertThat(pruned.files()).isEqualTo(dry.files()).isPositive();
        assertThat(pruned.kept()).hasSize(2);
        offline.verify(place, Optional.of(pruned.kept().getFirst().id()));

        assertThatThrownBy(() -> offline.prune(place, 0, Optional.empty(), false))
                .hasMessageContaining("1 or more");
        assertThatThrownBy(() -> offline.prune(place, 1, Optional.of("soon"), false))
                .hasMessageContaining("--keep-within must be a time like 12h or 30d");
        assertThatThrownBy(() -> offline.prune(place, 1, Optional.of("99999d"), false))
                .hasMessageContaining("at most 36500d");
        assertThatThrownBy(() -> offline.prune("s3:", 1, Optional.empty(), false))
                .hasMessageContaining("address must be");
        assertThatThrownBy(() -> offline.prune("file:///no/such", 1, Optional.empty(), false))
                .hasMessageContaining("/no/such is not there");
    }

    @Test
    void onlyAnUnusedDirectoryIsRestoredTo() throws Exception {
        Files.createDirectories(folder.resolve("backups"));
        Files.createDirectories(folder.resolve("data"));
        Files.writeString(folder.resolve("data/diary.txt"), "dear");
        OfflineStorage offline = new OfflineStorage(config());
        String place = "file://" + folder.resolve("backups");
        assertThatThrownBy(() -> offline.restore(place, Optional.empty()))
                .hasMessageContaining("must be empty to restore to it, has diary.txt");
        Files.delete(folder.resolve("data/diary.txt"));
        assertThatThrownBy(() -> offline.restore(place, Optional.empty()))
                .hasMessageContaining("there is no backup in " + place);
        assertThatThrownBy(() -> offline.restore("file:///no/such", Optional.empty()))
                .hasMessageContaining("/no/such is not there");
    }

    @Test
    void keysAreNeededRotatedAndRefused() {
        Path first = folder.resolve("first");
        Path second = folder.resolve("second");
        OfflineStorage.newKey(first);
        OfflineStorage.newKey(second);
        ServerConfig encrypted = config("operator-key-file", first.toString());
        try (Resources resources = new Resources()) {
            StorageEngine engine = open(encrypted, resources);
            StorageService service = service(encrypted, engine);
            assertThat(service.stats().encrypted()).isTrue();
            assertThat(service.rotateKey("default").keyId()).isEqualTo(1);
            assertThat(service.rotateKey("default").keyId()).isEqualTo(2);
            assertThatThrownBy(() -> service.rotateKey("nobody")).hasMessageContaining("nobody");
            assertThatThrownBy(() -> service.rotateKey("..")).isInstanceOf(QuernException.class);
        }
        refused(config(), "is encrypted");
        refused(config("operator-key-file", second.toString()), "operator key");
        refused(config("previous-operator-key-file", first.toString()), "needs the new key too");
        try (Resources resources = new Resources()) {
            open(
                    config(
                            "operator-key-file",
                            second.toString(),
                            "previous-operator-key-file",
                            first.toString()),
                    resources);
        }
        try (Resources resources = new Resources()) {
            open(config("operator-key-file", second.toString()), resources);
        }
        refused(encrypted, "operator key");
    }

    private void refused(ServerConfig config, String why) {
        try (Resources resources = new Resources()) {
            assertThatThrownBy(() -> open(config, resources))
                    .isInstanceOf(QuernException.class)
                    .hasMessageContaining(why);
        }
    }

    @Test
    void chunksInATierAreLookedAfterAndBackedUp() {
        String place = "file://" + folder.resolve("tier");
        ServerConfig config = config("store-tier", place);
        try (Resources resources = new Resources()) {
            StorageEngine engine = open(config, resources);
            StorageService service = service(config, engine);
            commit(engine, "one");
            assertThat(service.stats().tier()).isEqualTo(place);
            BackupResult made = service.backup("file://" + folder.resolve("b"));
            assertThat(made.stateHash()).isEqualTo(service.stats().stateHash());
            assertThat(service.gc(Optional.of(Duration.ZERO), false).spaces()).isEmpty();
            assertThat(service.compact().packsRemoved()).isZero();
            assertThat(service.fsck().damaged()).isZero();
            assertThat(service.members().members())
                    .singleElement()
                    .satisfies(member -> {
                        assertThat(member.own() && member.running()).isTrue();
                        assertThat(member.seenAt()).isNotNull();
                        assertThatThrownBy(() -> service.forgetMember(member.id()))
                                .hasMessageContaining("it is this server");
                    });
            PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            StorageMetrics.register(meters, engine);
            assertThat(meters.scrape())
                    .contains("quern_storage_tier_cache_hits_total 0.0")
                    .contains("quern_storage_gc_removed_bytes_total 0.0")
                    .contains("quern_storage_tier_cache_misses_total 0.0");
        }
        refused(config(), "in a tier");
    }

    /// Cancels the first operation that asks for roots.
    private static final class Canceller implements ChunkRoots {
        private final StorageService service;
        private boolean done;

        Canceller(StorageService service) {
            this.service = service;
        }

        @Override
        public Set<String> kinds() {
            return Set.of();
        }

        @Override
        public void visit(SpaceId space, RootVisitor visitor) {
            if (!done) {
                done = true;
                StorageOperation running = service.operations().running().getFirst();
                assertThat(running.state()).isEqualTo("running");
                assertThat(running.unit()).isEqualTo("chunks");
                assertThat(running.endedAt()).isNull();
                assertThat(service.cancel(running.id()).state()).isEqualTo("cancelling");
                assertThatThrownBy(service::compact).hasMessageContaining(running.id());
            }
        }
    }

    @Test
    void operationsAreWatchedAndCancelled() {
        try (Resources resources = new Resources()) {
            StorageEngine engine = open(config(), resources);
            StorageService service = service(config(), engine);
            put(engine, "one");
            engine.roots().register(new Canceller(service));
            assertThatThrownBy(service::fsck)
                    .isInstanceOf(QuernException.class)
                    .hasMessageContaining("was cancelled");
            StorageOperation ended = service.operations().ended().getFirst();
            assertThat(ended.kind()).isEqualTo("fsck");
            assertThat(ended.id()).startsWith("fsck-");
            assertThat(ended.state()).isEqualTo("cancelled");
            assertThat(ended.endedAt()).isNotNull();
            assertThat(service.cancel(ended.id())).isEqualTo(ended);
            assertThat(service.fsck().clean()).isTrue();
            assertThat(service.operations().ended().getFirst().state()).isEqualTo("done");
            assertThatThrownBy(() -> service.cancel("gc-1"))
                    .hasMessageContaining("there is no operation gc-1");
        }
    }

    @Test
    void aCollectionWithoutAGraceTakesTheOneOfTheSettings() {
        ServerConfig patient = config();
        ServerConfig hasty = config("gc-grace", "0s");
        try (Resources resources = new Resources()) {
            StorageEngine engine = open(patient, resources);
            put(engine, "garbage");
            StorageService byHour = service(patient, engine);
            byHour.gc(Optional.empty(), false);
            assertThat(byHour.gc(Optional.empty(), false).removedChunks()).isZero();
            GcResult dry = byHour.gc(Optional.empty(), true);
            assertThat(dry.spaces().getFirst().garbage().getFirst().reason())
                    .contains("its grace ends in");
            StorageService atOnce = service(hasty, engine);
            assertThat(atOnce.gc(Optional.empty(), false).removedChunks()).isEqualTo(1);
        }
    }

    private static void put(StorageEngine engine, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        engine.chunks().put(SpaceId.DEFAULT, MemorySegment.ofArray(bytes));
        engine.chunks().sync();
    }

    @Test
    void metricsTellWhatIsStored() {
        ServerConfig config = config("store-compression", "off");
        try (Resources resources = new Resources()) {
            StorageEngine engine = open(config, resources);
            commit(engine, "one");
            PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            StorageMetrics.register(meters, engine);
            assertThat(meters.scrape())
                    .contains("quern_storage_chunks 0.0")
                    .contains("quern_storage_applied_index 1.0")
                    .contains("quern_storage_gc_removed_bytes_total 0.0")
                    .contains("quern_storage_quarantined_total 0.0");
        }
    }
}
