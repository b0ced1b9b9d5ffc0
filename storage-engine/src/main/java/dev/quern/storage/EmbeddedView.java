package dev.quern.storage;

import java.util.function.Consumer;

/// Reads of a snapshot of the table.
final class EmbeddedView extends FactReads implements FactView {
    private final FactTable.Snapshot snapshot;
    private final LogPosition position;
    private final Consumer<EmbeddedView> onClose;

    private EmbeddedView(
            FactTable.Snapshot snapshot, LogPosition position, Consumer<EmbeddedView> onClose) {
        super(snapshot);
        this.snapshot = snapshot;
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
    public void close() {
        snapshot.close();
        onClose.accept(this);
    }
}
