package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.BackupFormat.Busy;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BackupPruneTest {
    private static final Duration DAY = Duration.ofDays(1);

    @TempDir Path directory;
    private final MemoryTier tier = new MemoryTier();
    private final AtomicLong seconds = new AtomicLong(TierStores.NOW.getEpochSecond());
    private final Backup backup = new Backup(tier, this::now, new Random(1));
    private StorageEngine engine;
    private int written;

    private Instant now() {
        return Instant.ofEpochSecond(seconds.get());
    }

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void open() {
        engine = Engines.open(directory.resolve("data"));
    }

    @AfterEach
    void close() {
        engine.close();
    }

    /// Makes so many backups, a day apart.
    private List<BackupInfo> makeBackups(int count) {
        List<BackupInfo> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ChunkId id = Chunks.put(engine.chunks(), Chunks.bytes(written, 500));
            engine.chunks().sync();
            Key key = Key.of("file", Integer.toString(written++));
            engine.facts().commit(Txn.in(SPACE).require(id).put(key, TestRoots.bytes(id)).build());
            seconds.addAndGet(DAY.toSeconds());
            made.add(backup.run(engine).backup());
        }
        return made;
    }

    private static BackupPolicy keep(int latest) {
        return new BackupPolicy(latest, Optional.empty());
    }

    @Test
    void keepsTheLatestAndThoseWithinATime() {
        List<BackupInfo> made = makeBackups(5);
        assertThat(BackupPruning.beyond(keep(2), made, now())).isEqualTo(made.subList(0, 3));
        assertThat(BackupPruning.beyond(keep(9), made, now())).isEmpty();
        BackupPolicy days = new BackupPolicy(1, Optional.of(DAY.multipliedBy(2)));
        assertThat(BackupPruning.beyond(days, made, now())).isEqualTo(made.subList(0, 2));
        BackupPolicy latest = new BackupPolicy(3, Optional.of(Duration.ZERO));
        assertThat(BackupPruning.beyond(latest, made, now())).isEqualTo(made.subList(0, 2));
        for (Runnable bad :
                List.<Runnable>of(
                        () -> keep(0),
                        () -> new BackupPolicy(1, Optional.of(Duration.ofSeconds(-1))),
                        () -> new BackupPolicy(1, Optional.of(Duration.ofDays(40_000))))) {
            assertThatThrownBy(bad::run)
                    .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.INVALID));
        }
    }

    @Test
    void removesWhatNoOtherBackupNeeds() {
        List<BackupInfo> made = makeBackups(4);
        List<String> before = tier.names();
        PruneReport dry = backup.prune(keep(2), true);
        assertThat(tier.names()).isEqualTo(before);
        PruneReport report = backup.prune(keep(2), false);

        assertThat(report.kept()).isEqualTo(made.subList(2, 4));
        assertThat(report.removed()).isEqualTo(made.subList(0, 2));
        assertThat(report.files()).isEqualTo(2); // the facts of each; packs are in all
        assertThat(report.bytes()).isPositive();
        assertThat(dry)
                .isEqualTo(
                        new PruneReport(true, report.kept(), report.removed(), 2, report.bytes()));
        assertThat(backup.list()).isEqualTo(made.subList(2, 4));
        assertThat(tier.names()).hasSize(before.size() - 4);
        for (BackupInfo kept : report.kept()) {
            backup.verify(kept.id());
        }
        assertThat(backup.prune(keep(2), false).files()).isZero();
    }

    @Test
    void aCrashAtAnyCallLeavesWholeBackups() {
        boolean whole = false;
        for (int calls = 0; !whole; calls++) {
            makeBackups(3);
            tier.failCallsAfter(calls, calls % 2 == 0);
            whole = prune();
            tier.down(false);
            seconds.addAndGet(Duration.ofHours(1).toSeconds()); // leases run out
            assertThat(backup.list()).isNotEmpty();
            for (BackupInfo left : backup.list()) {
                backup.verify(left.id());
            }
            backup.prune(keep(1), false);
            assertThat(backup.verify(backup.list().getFirst().id()).files())
                    .isEqualTo(tier.list(BackupFormat.FILES, "", 1000).size());
        }
    }

    private boolean prune() {
        try {
            backup.prune(keep(1), false);
            return true;
        } catch (QuernException e) {
            ChunkStoreContract.assertKind(e, ErrorKind.UNAVAILABLE);
            return false;
        }
    }

    private void busy(Busy.Kind kind, Duration left) {
        Busy other = Busy.of(kind, now().plus(left), new Random(7));
        tier.putIfAbsent(other.blob(), MemorySegment.ofArray(BackupFormat.busy()));
    }

    @Test
    void removalsAndBackupsKeepApart() {
        makeBackups(2);
        busy(Busy.Kind.BACKUP, Duration.ofMinutes(1));
        assertThatThrownBy(() -> backup.prune(keep(1), false))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT))
                .hasMessageContaining("a backup is under way");
        backup.run(engine); // they do not mind each other
        seconds.addAndGet(61);
        backup.prune(keep(1), false);
        busy(Busy.Kind.REMOVAL, Duration.ofMinutes(1));
        assertThatThrownBy(() -> backup.run(engine))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT))
                .hasMessageContaining("the removal of old backups is under way");
        assertThatThrownBy(() -> backup.prune(keep(1), false))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT));
        seconds.addAndGet(61);
        backup.run(engine);
        assertThat(tier.list(BackupFormat.BUSY, "", 10)).isEmpty();
    }

    @Test
    void aBackupThatLostFilesIsNone() {
        makeBackups(1);
        Tier racing =
                new WatchedTier(
                        tier,
                        name -> {
                            if (name.startsWith(BackupFormat.MANIFESTS)) {
                                tier.list(BackupFormat.FILES, "", 10)
                                        .forEach(file -> tier.delete(file.name()));
                            }
                        });
        assertThatThrownBy(() -> new Backup(racing, this::now, new Random(3)).run(engine))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CONFLICT))
                .hasMessageContaining("run it again");
        assertThat(backup.list()).hasSize(1);
        seconds.incrementAndGet();
        assertThat(backup.verify(backup.run(engine).backup().id()).files()).isPositive();
    }

    @Test
    void nothingIsRemovedBesideAManifestThatCannotBeRead() {
        String id = makeBackups(3).get(1).id();
        tier.damage(BackupFormat.MANIFESTS + id, 20);
        List<String> before = tier.names();
        assertThatThrownBy(() -> backup.prune(keep(1), false))
                .satisfies(e -> ChunkStoreContract.assertKind(e, ErrorKind.CORRUPT));
        assertThat(tier.names()).isEqualTo(before);
    }
}
