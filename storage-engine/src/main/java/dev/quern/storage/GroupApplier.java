package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.TxnQueue.Waiting;
import java.util.ArrayList;
import java.util.List;

/// Applies the transactions of a group one after the other on top of the state: what goes into the
/// log, what the state becomes, and what each caller is to hear once that is durable. Not
/// thread-safe.
final class GroupApplier {
    private final FactChanges changes;
    private final long group;
    private final List<LogEntry> entries = new ArrayList<>();
    private final List<Runnable> answers = new ArrayList<>();
    private LogPosition position;

    /// @param position of the state without `changes`
    GroupApplier(FactChanges changes, LogPosition position) {
        this.changes = changes;
        this.position = position;
        this.group = position.index() + 1;
    }

    /// Applies a transaction, unless a condition does not hold.
    void add(Waiting waiting) {
        QuernException conflict = TxnApplier.conflict(changes, waiting.txn());
        if (conflict != null) {
            answers.add(() -> waiting.index().completeExceptionally(conflict));
            return;
        }
        long index = position.index() + 1;
        TxnApplier.apply(changes, waiting.txn(), index);
        position = new LogPosition(index, changes.hash());
        entries.add(new LogEntry(index, group, changes.hash(), waiting.bytes()));
        answers.add(() -> waiting.index().complete(index));
    }

    FactChanges changes() {
        return changes;
    }

    List<LogEntry> entries() {
        return entries;
    }

    /// After the last entry.
    LogPosition position() {
        return position;
    }

    /// Lets the callers go on. Waking each takes longer than applying what it commits next, and so
    /// is not the applier's.
    void answer() {
        if (answers.size() == 1) {
            answers.getFirst().run();
        } else {
            Thread.ofVirtual()
                    .name("quern-facts-answer")
                    .start(() -> answers.forEach(Runnable::run));
        }
    }
}
