package dev.quern.vector;

import dev.quern.storage.CrashRun;
import dev.quern.storage.ProofOptions;
import java.io.IOException;

/// `./quern test crash [--kills N] [--seed S]`, its second part: kills a [CollectionCrashWriter] N
/// times, 12 by default, as `CrashRun` does, and closes with the same line.
final class CollectionCrashRun {
    static final CrashRun.Load LOAD =
            new CrashRun.Load(CollectionCrashWriter.class, CollectionCrashJournal::new, 6);

    private static final int KILLS = 12;

    private CollectionCrashRun() {}

    /// Takes `--kills` and `--seed`.
    public static void main(String[] args) throws IOException, InterruptedException {
        ProofOptions options = ProofOptions.of(args);
        int kills = (int) options.number("kills", KILLS);
        System.exit(CrashRun.run(LOAD, kills, options.seed(), System.out) ? 0 : 1);
    }
}
