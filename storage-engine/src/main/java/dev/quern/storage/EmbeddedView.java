package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.MetaLog.Fact;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Reads of a snapshot of the table.
final class EmbeddedView implements FactView {
    private final FactTable.Snapshot snapshot;
    private final FactReads reads;
    private final LogPosition position;
    private final Consumer<EmbeddedView> onClose;

    /// @param snapshot becomes the view's to close
    EmbeddedView(FactTable.Snapshot snapshot, Consumer<EmbeddedView> onClose) {
        this.snapshot = snapshot;
        this.reads = new FactReads(snapshot);
        this.position = FactStore.position(snapshot);
        this.onClose = onClose;
    }

    @Override
    public LogPosition position() {
        return position;
    }

    @Override
    public Optional<Fact> find(SpaceId space, Key key) {
        return reads.find(space, key);
    }

    @Override
    public List<Fact> scan(SpaceId space, KeyRange range, int limit) {
        return reads.scan(space, range, limit);
    }

    @Override
    public List<IndexedFact> scanIndex(
            SpaceId space, Key prefix, Optional<IndexPosition> after, int limit) {
        return reads.scanIndex(space, prefix, after, limit);
    }

    @Override
    public List<SpaceId> spaces(Optional<SpaceId> after, int limit) {
        return reads.spaces(after, limit);
    }

    @Override
    public void close() {
        snapshot.close();
        onClose.accept(this);
    }
}
