package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static dev.quern.storage.Chunks.OTHER;
import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FactSnapshotTest {
    private final MemoryChunkStore chunks = new MemoryChunkStore();
    @TempDir Path directory;

    private static byte[] export(MetaLog log) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (FactView view = log.view(0, Duration.ZERO)) {
            assertThat(FactSnapshot.exportTo(view, out)).isEqualTo(log.position());
        }
        return out.toByteArray();
    }

    private byte[] small() {
        try (MemoryMetaLog log = new MemoryMetaLog(chunks)) {
            log.commit(
                    Txn.in(SPACE)
                            .put(Key.of("a"), text("one"), List.of(Key.of("i", "j")))
                            .put(Key.of("b", ""), text(""))
                            .build());
            log.commit(Txn.in(OTHER).put(Key.of("a"), text("two")).build());
            return export(log);
        }
    }

    private static LogPosition read(byte[] bytes) {
        return FactSnapshot.importInto(new LossyFactTable(), new ByteArrayInputStream(bytes));
    }

    /// Version 1 as it lies in backups: never change this file, add one.
    @Test
    void versionOneIsAsItWas() throws IOException {
        byte[] golden = FactLogFormatTest.golden("fact-snapshot-1.bin");
        assertThat(small()).isEqualTo(golden);
        assertThat(read(golden).index()).isEqualTo(2);
    }

    @Test
    void whatIsReadInGoesOnAsTheSameLog() {
        Random random = new Random(11);
        try (MemoryMetaLog model = new MemoryMetaLog(chunks)) {
            for (int i = 0; i < 3_000; i++) {
                commit(model, RandomTxns.next(random, model.appliedIndex()));
            }
            byte[] bytes = export(model);
            Path facts = directory.resolve("facts");
            LogPosition position =
                    FactSnapshot.importInto(
                            new LocalDisk(), facts, new ByteArrayInputStream(bytes));
            assertThat(position).isEqualTo(model.position());

            try (StorageEngine engine = Engines.open(directory)) {
                MetaLog log = engine.facts();
                assertThat(log.position()).isEqualTo(position);
                assertThat(export(log)).isEqualTo(bytes);
                for (Key prefix : RandomTxns.PREFIXES) {
                    assertThat(log.scanIndex(SPACE, prefix, Optional.empty(), 10_000))
                            .usingRecursiveComparison()
                            .isEqualTo(model.scanIndex(SPACE, prefix, Optional.empty(), 10_000));
                }
                Txn next = Txn.in(SPACE).put(Key.of("a"), text("next")).build();
                assertThat(log.commit(next)).isEqualTo(model.commit(next));
                assertThat(log.position()).isEqualTo(model.position());
                assertThatThrownBy(() -> log.watch(SPACE, Key.of("a"), 1).close())
                        .satisfies(e -> assertKind(e, ErrorKind.NOT_FOUND));
            }
            assertThatThrownBy(() ->
                            FactSnapshot.importInto(
                                    new LocalDisk(), facts, new ByteArrayInputStream(bytes)))
                    .satisfies(e -> assertKind(e, ErrorKind.CONFLICT));
        }
    }

    private static void commit(MetaLog log, Txn txn) {
        try {
            log.commit(txn);
        } catch (QuernException e) {
            assertKind(e, ErrorKind.CONFLICT);
        }
    }

    /// A table is whole or refuses to be opened, and a second try begins anew.
    @Test
    void cutSnapshotIsCorruptAndCanBeReadInAgain() {
        byte[] whole = small();
        LossyFactTable table = new LossyFactTable();
        for (int cut = 0; cut < whole.length; cut++) {
            byte[] torn = Arrays.copyOf(whole, cut);
            assertThatThrownBy(() -> FactSnapshot.importInto(table, new ByteArrayInputStream(torn)))
                    .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                    .hasMessageContaining("at offset ");
            if (cut >= 40) {
                assertThatThrownBy(() -> FactStore.open(table))
                        .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                        .hasMessageContaining("part of a snapshot");
            }
        }
        LogPosition position = FactSnapshot.importInto(table, new ByteArrayInputStream(whole));
        table.crash();
        try (FactStore store = FactStore.open(table)) {
            assertThat(store.position()).isEqualTo(position);
            assertThat(store.hashOfAll()).isEqualTo(position.hash());
        }
    }

    @Test
    void anyBytesAreTheSnapshotOrCorrupt() {
        byte[] whole = small();
        LogPosition position = read(whole);
        Random random = new Random(5);
        for (int i = 0; i < 5_000; i++) {
            byte[] any = whole.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                any[random.nextInt(any.length)] = (byte) random.nextInt();
            }
            try {
                assertThat(read(any)).isEqualTo(position);
            } catch (QuernException e) {
                assertKind(e, ErrorKind.CORRUPT);
                assertThat(e).hasMessageContaining("at offset ");
            }
        }
    }

    @Test
    void readsNoFurtherThanItsEnd() {
        byte[] whole = small();
        byte[] longer = Arrays.copyOf(whole, whole.length + 1);
        longer[whole.length] = 42;
        ByteArrayInputStream in = new ByteArrayInputStream(longer);
        FactSnapshot.importInto(new LossyFactTable(), in);
        assertThat(in.read()).isEqualTo(42);
    }

    @Test
    void snapshotOfAnotherStateIsCorrupt() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        FactSnapshotFormat.Writer writer = new FactSnapshotFormat.Writer(out);
        writer.header(new LogPosition(3, new StateHash(1, 2)));
        writer.record(FactFormat.key(SPACE, Key.of("a")), FactFormat.value(3, text("x")));
        writer.footer();
        assertThatThrownBy(() -> read(out.toByteArray()))
                .satisfies(e -> assertKind(e, ErrorKind.CORRUPT))
                .hasMessageContaining("must have the state hash 0000000000000001");
    }
}
