package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog.Fact;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/// What the killed process and its parent agree on: the settings, and the bytes and places that
/// belong to a name.
final class CrashLoad {
    static final int WRITERS = 6;
    static final int SLOTS = 12;
    static final int COUNTERS = 3;

    private CrashLoad() {}

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // returned
    static StorageEngine open(Path directory, boolean encrypted) {
        StorageEngine engine = CrashRun.open(directory, encrypted);
        engine.roots().register(new Roots(engine.facts()));
        engine.roots().register(ChunkRoots.none("c"));
        return engine;
    }

    /// Each fact of a writer has the name of a chunk.
    private record Roots(MetaLog facts) implements ChunkRoots {
        @Override
        public Set<String> kinds() {
            return Set.of("w");
        }

        @Override
        public void visit(SpaceId space, RootVisitor visitor) {
            List<Fact> all = facts.scan(space, Key.of("w"), Optional.empty(), FactReader.MAX_SCAN);
            for (Fact fact : all) {
                String name = new String(fact.value(), StandardCharsets.UTF_8);
                visitor.chunk(MemoryChunkStore.idOf(chunk(name)), () -> "fact " + fact.key());
            }
        }
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
