package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.Tier.Blob;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every Tier does.
public abstract class TierContract {
    @TempDir protected Path scratch;

    /// A tier that is empty at first; closed by whoever made it.
    protected abstract Tier tier();

    @Test
    void readsBackWhatWasPut() {
        byte[] bytes = Chunks.bytes(1, 100_000);

        assertThat(put("a/b-1.pack", bytes)).isTrue();
        assertThat(tier().size("a/b-1.pack")).isEqualTo(OptionalLong.of(bytes.length));
        assertThat(read("a/b-1.pack", 0, bytes.length)).isEqualTo(bytes);
    }

    @Test
    void neverReplaces() {
        assertThat(put("n", Chunks.text("first"))).isTrue();
        assertThat(put("n", Chunks.text("other"))).isFalse();
        assertThat(put("n", Chunks.text("first"))).isFalse();
        assertThat(read("n", 0, 10)).isEqualTo(Chunks.text("first"));
    }

    @Test
    void keepsEmptyBlobs() {
        assertThat(put("empty", new byte[0])).isTrue();
        assertThat(put("empty", new byte[1])).isFalse();
        assertThat(tier().size("empty")).isEqualTo(OptionalLong.of(0));
        assertThat(read("empty", 0, 10)).isEmpty();
    }

    @Test
    void oneOfEightWins() throws ExecutionException, InterruptedException {
        for (int round = 0; round < 5; round++) {
            String name = "race/" + round;
            List<Callable<Boolean>> puts = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                byte[] bytes = Chunks.bytes(i, 5000);
                puts.add(() -> put(name, bytes));
            }
            int winner = -1;
            try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
                List<Future<Boolean>> outcomes = pool.invokeAll(puts);
                for (int i = 0; i < outcomes.size(); i++) {
                    if (outcomes.get(i).get()) {
                        assertThat(winner).isEqualTo(-1);
                        winner = i;
                    }
                }
            }
            assertThat(winner).isNotNegative();
            assertThat(read(name, 0, 6000)).isEqualTo(Chunks.bytes(winner, 5000));
        }
    }

    @Test
    void readsRanges() {
        byte[] bytes = Chunks.bytes(2, 1000);
        put("r", bytes);

        assertThat(read("r", 100, 50)).isEqualTo(Arrays.copyOfRange(bytes, 100, 150));
        assertThat(read("r", 999, 1)).isEqualTo(Arrays.copyOfRange(bytes, 999, 1000));
        assertThat(read("r", 990, 50)).isEqualTo(Arrays.copyOfRange(bytes, 990, 1000));
        assertThat(read("r", 1000, 50)).isEmpty();
        assertThat(read("r", 1L << 40, 50)).isEmpty();
        assertThat(read("r", 10, 0)).isEmpty();
        assertThatThrownBy(() -> read("r", -1, 5)).satisfies(e -> assertKind(e, ErrorKind.INVALID));
        assertThatThrownBy(
                        () -> tier().read("r", 0, MemorySegment.ofArray(new byte[9]).asReadOnly()))
                .isInstanceOf(RuntimeException.class);
    }

    @Test
    void knowsNothingOfOtherBlobs() {
        put("dir/blob", new byte[3]);

        for (String name : List.of("absent", "dir", "dir/blo", "dir/blob2", "dir2/blob")) {
            assertThat(tier().size(name)).as(name).isEmpty();
            assertThatThrownBy(() -> read(name, 0, 1))
                    .satisfies(e -> assertKind(e, ErrorKind.NOT_FOUND))
                    .hasMessageContaining(name);
            tier().delete(name);
        }
        assertThat(tier().size("dir/blob")).isPresent();
    }

    @Test
    void listsInPagesInOrderOfNames() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 25; i++) {
            names.add("p/" + (i % 5) + "/x" + i);
        }
        names.addAll(List.of("p/1-a", "p/1.a", "p/10", "p/1=", "q", "P", "o/z", "p/A"));
        names.forEach(name -> put(name, new byte[name.length()]));
        Collections.sort(names);

        assertThat(list("", 7)).isEqualTo(names);
        assertThat(list("", Tier.MAX_PAGE)).isEqualTo(names);
        List<String> below = names.stream().filter(name -> name.startsWith("p/1")).toList();
        assertThat(list("p/1", 2)).isEqualTo(below);
        assertThat(list("p/1/", 3))
                .isEqualTo(names.stream().filter(name -> name.startsWith("p/1/")).toList());
        assertThat(list("nothing", 2)).isEmpty();
        assertThat(tier().list("p/", "p/1.", 1))
                .containsExactly(new Blob("p/1.a", "p/1.a".length()));
        assertThat(tier().list("p/", "zzz", 5)).isEmpty();
    }

    @Test
    void deletesOnce() {
        put("gone/1", new byte[10]);
        tier().delete("gone/1");
        tier().delete("gone/1");

        assertThat(tier().size("gone/1")).isEmpty();
        assertThat(list("gone/", 5)).isEmpty();
        assertThat(put("gone/1", new byte[11])).isTrue();
    }

    @Test
    void takesBigBlobsOfAnyMemory() throws IOException {
        byte[] bytes = Chunks.bytes(3, (35 << 20) + 17);
        Path file = Files.write(scratch.resolve("big"), bytes);

        assertThat(tier().putIfAbsent("big/file", file)).isTrue();
        assertThat(tier().putIfAbsent("big/file", file)).isFalse();
        assertThat(MemoryChunkStore.idOf(read("big/file", 0, bytes.length + 1)))
                .isEqualTo(MemoryChunkStore.idOf(bytes));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment confined = arena.allocate(17L << 20);
            MemorySegment.copy(bytes, 0, confined, ValueLayout.JAVA_BYTE, 0, 17 << 20);
            assertThat(tier().putIfAbsent("big/memory", confined.asReadOnly())).isTrue();
            MemorySegment target = arena.allocate((10L << 20) + 5);
            assertThat(tier().read("big/memory", 7 << 20, target)).isEqualTo(10 << 20);
            assertThat(MemorySegment.mismatch(target, 0, 10 << 20, confined, 7 << 20, 17 << 20))
                    .isEqualTo(-1);
        }
    }

    @Test
    void refusesHostileNames() {
        for (String name :
                List.of(
                        "",
                        "/",
                        "/etc/passwd",
                        "..",
                        "../x",
                        "a/../b",
                        "a/..",
                        ".",
                        "a/./b",
                        "a//b",
                        "a/",
                        ".tmp/x",
                        "a\u0000b",
                        "a\nb",
                        "a\\b",
                        "a b",
                        "ä",
                        "a?b",
                        "a%2f",
                        "-a",
                        "~",
                        "a".repeat(201),
                        "a/".repeat(256) + "a")) {
            for (Runnable use :
                    List.<Runnable>of(
                            () -> put(name, new byte[1]),
                            () -> read(name, 0, 1),
                            () -> tier().size(name),
                            () -> tier().delete(name))) {
                assertThatThrownBy(use::run)
                        .as(name)
                        .satisfies(e -> assertKind(e, ErrorKind.INVALID));
            }
        }
        for (Runnable list :
                List.<Runnable>of(
                        () -> tier().list("a\nb", "", 1),
                        () -> tier().list("", "\u0000", 1),
                        () -> tier().list("", "", 0),
                        () -> tier().list("", "", Tier.MAX_PAGE + 1))) {
            assertThatThrownBy(list::run).satisfies(e -> assertKind(e, ErrorKind.INVALID));
        }
    }

    protected final boolean put(String name, byte[] bytes) {
        return tier().putIfAbsent(name, MemorySegment.ofArray(bytes));
    }

    protected final byte[] read(String name, long offset, int length) {
        byte[] target = new byte[length];
        long read = tier().read(name, offset, MemorySegment.ofArray(target));
        return Arrays.copyOf(target, (int) read);
    }

    /// All names, fetched in pages of a size.
    protected final List<String> list(String prefix, int pageSize) {
        List<String> names = new ArrayList<>();
        List<Blob> page = tier().list(prefix, "", pageSize);
        while (!page.isEmpty()) {
            page.forEach(blob -> names.add(blob.name()));
            page.forEach(blob ->
                    assertThat(tier().size(blob.name()))
                            .isEqualTo(OptionalLong.of(blob.sizeBytes())));
            page = tier().list(prefix, page.getLast().name(), pageSize);
        }
        return names;
    }

    protected static void assertKind(Throwable error, ErrorKind kind) {
        assertThat(error).isInstanceOf(QuernException.class);
        assertThat(((QuernException) error).kind()).as(error.toString()).isEqualTo(kind);
    }
}
