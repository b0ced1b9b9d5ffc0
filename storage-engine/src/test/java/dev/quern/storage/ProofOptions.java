package dev.quern.storage;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/// The options of the proof runs: `--name number` each.
public final class ProofOptions {
    private static final Set<String> KNOWN = Set.of("seed", "seeds", "kills", "seconds");
    private final Map<String, Long> values = new HashMap<>();

    private ProofOptions() {}

    /// Reads the arguments.
    public static ProofOptions of(String... args) {
        ProofOptions options = new ProofOptions();
        for (int i = 0; i < args.length; i += 2) {
            String name = args[i].startsWith("--") ? args[i].substring(2) : args[i];
            if (!KNOWN.contains(name) || i + 1 == args.length) {
                throw new IllegalArgumentException("unknown option or no number: " + args[i]);
            }
            options.values.put(name, Long.parseLong(args[i + 1]));
        }
        return options;
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /// The number of an option.
    public long number(String name, long otherwise) {
        return values.getOrDefault(name, otherwise);
    }

    /// The seed, a new one if none was given.
    public long seed() {
        return values.computeIfAbsent("seed", _ -> (long) new Random().nextInt(1_000_000_000));
    }
}
