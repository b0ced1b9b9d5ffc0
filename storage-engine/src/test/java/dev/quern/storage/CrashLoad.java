package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ByteSize;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/// What the killed process and its parent agree on: the settings, and the bytes and places that
/// belong to a name.
final class CrashLoad {
    static final int WRITERS = 6;
    static final int SLOTS = 12;
    static final int COUNTERS = 3;

    private CrashLoad() {}

    /// Small packs, so that many are sealed.
    @MustBeClosed
    static StorageEngine open(Path directory) {
        return StorageEngine.open(
                new StorageConfig(
                        directory,
                        ByteSize.ofMebibytes(1),
                        ByteSize.ofMebibytes(1),
                        ByteSize.ofMebibytes(4),
                        new ByteSize(0)));
    }

    /// The bytes of the chunk with a name: mostly small, now and then larger than a pack.
    static byte[] chunk(String name) {
        Random random = new Random(name.hashCode() * 2_654_435_761L);
        int size = name.contains("r") ? 300_000 : size(random);
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    private static int size(Random random) {
        return switch (random.nextInt(40)) {
            case 0 -> 1 + random.nextInt(1_500_000);
            case 1, 2, 3 -> 1 + random.nextInt(150_000);
            default -> 1 + random.nextInt(6_000);
        };
    }

    /// The names of the chunks of the file with a name.
    static List<String> file(String name) {
        return IntStream.range(0, 5).mapToObj(i -> name + "r" + i).toList();
    }

    /// The key that one writer owns.
    static Key key(int writer, int slot) {
        return Key.of("w", Integer.toString(writer), Integer.toString(slot));
    }

    /// The key that all writers count up by compare-and-set.
    static Key counter(int counter) {
        return Key.of("c", Integer.toString(counter));
    }
}
