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

    private EmbeddedView(
            FactTable.Snapshot snapshot, LogPosition position, Consumer<EmbeddedView> onClose) {
        this.snapshot = snapshot;
        this.reads = new FactReads(snapshot);
        this.position = position;
        this.onClose = onClose;
    }

    /// A view of a snapshot, which becomes the view's to close, also when this fails.
    static EmbeddedView of(FactTable.Snapshot snapshot, Consumer<EmbeddedView> onClose) {
        boolean opened = false;
        try {
            EmbeddedView view = new EmbeddedView(snapshot, FactStore.position(snapshot), onClose);
            opened = true;
            return view;
        } finally {
            if (!opened) {
                snapshot.close();
            }
        }
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
    public List<String> kinds(SpaceId space) {
        return reads.kinds(space);
    }

    @Override
    public void close() {
        snapshot.close();
        onClose.accept(this);
    }
}
