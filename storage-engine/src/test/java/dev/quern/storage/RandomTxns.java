package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.Txn.Condition;
import dev.quern.storage.Txn.Mutation;
import java.util.List;
import java.util.Random;

/// Random transactions over few keys, so that they meet often.
final class RandomTxns {
    static final List<SpaceId> SPACES = List.of(new SpaceId("default"), new SpaceId("other"));
    static final List<Key> PREFIXES = List.of(Key.of("x"), Key.of("y"), Key.of("x", ""));

    private RandomTxns() {}

    static Txn next(Random random, long applied) {
        Txn.Builder txn = Txn.in(SPACES.get(random.nextInt(SPACES.size())));
        if (random.nextInt(3) == 0) {
            txn.when(condition(random, applied));
        }
        for (int left = random.nextInt(4); left > 0; left--) {
            txn.then(mutation(random));
        }
        return txn.build();
    }

    private static Condition condition(Random random, long applied) {
        return switch (random.nextInt(3)) {
            case 0 -> new Condition.Absent(key(random));
            case 1 -> new Condition.Exists(key(random));
            default -> new Condition.Version(key(random), random.nextLong(applied + 1));
        };
    }

    private static Mutation mutation(Random random) {
        byte[] value = Chunks.bytes(random.nextLong(), random.nextInt(20));
        Key prefix = PREFIXES.get(random.nextInt(PREFIXES.size()));
        return switch (random.nextInt(7)) {
            case 6 -> new Mutation.Put(key(random), value, List.of(key(random), key(random)));
            case 0 -> new Mutation.Delete(key(random));
            case 1 -> new Mutation.Append(prefix, value);
            case 2 -> {
                Key through = key(random);
                yield through.startsWith(prefix)
                        ? new Mutation.DeleteThrough(prefix, through)
                        : new Mutation.Put(through, value);
            }
            default -> new Mutation.Put(key(random), value);
        };
    }

    private static Key key(Random random) {
        Key key = PREFIXES.get(random.nextInt(PREFIXES.size()));
        for (int depth = random.nextInt(3); depth > 0; depth--) {
            key = key.child(List.of("", "a", "b", "c").get(random.nextInt(4)));
        }
        return key;
    }
}
