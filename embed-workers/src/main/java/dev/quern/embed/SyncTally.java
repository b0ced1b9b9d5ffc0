package dev.quern.embed;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/// Counts what a sync does. Not thread-safe.
final class SyncTally {
    private static final int MAX_SKIPPED = 100;

    private final InstantSource clock;
    private final Instant begin;
    private final String commit;
    private final List<String> skipped = new ArrayList<>();

    long filesTotal;
    long filesDone;
    long filesSkipped;
    long filesDeleted;
    long rowsUpserted;
    long rowsDeleted;
    long tokens;

    SyncTally(InstantSource clock, String commit) {
        this.clock = clock;
        this.begin = clock.instant();
        this.commit = commit;
    }

    /// Remembers what was left out, up to a bound.
    void skip(String what, String reason) {
        if (skipped.size() < MAX_SKIPPED) {
            skipped.add(what + ": " + reason);
        }
    }

    /// Leaves a file out.
    void skipFile(FileRows file, String reason) {
        file.skip();
        filesSkipped++;
        skip(file.path().value(), reason);
    }

    SyncProgress progress() {
        return new SyncProgress(
                commit,
                filesTotal,
                filesDone,
                filesSkipped,
                filesDeleted,
                rowsUpserted,
                rowsDeleted,
                tokens,
                Duration.between(begin, clock.instant()));
    }

    SyncReport report() {
        return new SyncReport(progress(), skipped);
    }
}
