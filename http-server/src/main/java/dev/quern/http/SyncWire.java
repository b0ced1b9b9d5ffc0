package dev.quern.http;

import dev.quern.common.wire.ErrorBody;
import dev.quern.common.wire.SyncEvent;
import dev.quern.embed.SyncProgress;
import dev.quern.embed.SyncReport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The lines of a sync as the wire has them.
final class SyncWire {
    private SyncWire() {}

    static SyncEvent progress(SyncProgress progress) {
        return event("progress", progress, List.of(), null);
    }

    static SyncEvent done(SyncReport report) {
        return event("done", report.totals(), report.skipped(), null);
    }

    /// @param last the progress that was told before
    static SyncEvent error(SyncProgress last, ErrorBody error) {
        return event("error", last, List.of(), error);
    }

    private static SyncEvent event(
            String type, SyncProgress progress, List<String> skipped, @Nullable ErrorBody error) {
        return new SyncEvent(
                type,
                progress.commit(),
                progress.filesTotal(),
                progress.filesDone(),
                progress.filesSkipped(),
                progress.filesDeleted(),
                progress.rowsUpserted(),
                progress.rowsDeleted(),
                progress.tokens(),
                progress.elapsed().toNanos() / 1e9,
                skipped,
                error);
    }
}
