package dev.quern.embed;

import static dev.quern.storage.FuzzTarget.require;

import dev.quern.storage.FuzzSuite;
import dev.quern.storage.FuzzTarget;
import java.util.List;

/// The decoder of sync states.
public final class EmbedFuzz implements FuzzSuite {
    /// Needs nothing.
    public EmbedFuzz() {}

    @Override
    public String module() {
        return "embed-workers";
    }

    @Override
    public List<FuzzTarget> targets() {
        SyncState first = SyncState.initial("v");
        IndexPoint point = new IndexPoint("aa".repeat(32), "**/*.md", "splitter-1");
        List<SyncState> states =
                List.of(
                        first,
                        first.started(point),
                        first.ended(point).reached(point, "a/ü"),
                        first.ended(point));
        return List.of(
                new FuzzTarget(
                        "embed-sync-state",
                        "fact x",
                        EmbedFuzz::syncState,
                        states.stream().map(SyncStateFormat::encode).toList()));
    }

    private static void syncState(byte[] bytes) {
        SyncState state = SyncStateFormat.decode(bytes, "fact x");
        SyncState again = SyncStateFormat.decode(SyncStateFormat.encode(state), "fact x");
        require(state.equals(again), "another value after it was encoded: " + again);
    }
}
