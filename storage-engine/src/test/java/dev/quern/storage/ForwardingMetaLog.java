package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.SpaceId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// A MetaLog that passes everything on, for tests that change one thing of it.
public abstract class ForwardingMetaLog implements MetaLog {
    /// Where everything goes.
    protected abstract MetaLog below();

    @Override
    public long commit(Txn txn) {
        return below().commit(txn);
    }

    @Override
    public Optional<Fact> find(SpaceId space, Key key) {
        return below().find(space, key);
    }

    @Override
    public List<Fact> scan(SpaceId space, KeyRange range, int limit) {
        return below().scan(space, range, limit);
    }

    @Override
    public List<IndexedFact> scanIndex(
            SpaceId space, Key prefix, Optional<IndexPosition> after, int limit) {
        return below().scanIndex(space, prefix, after, limit);
    }

    @Override
    public List<SpaceId> spaces(Optional<SpaceId> after, int limit) {
        return below().spaces(after, limit);
    }

    @Override
    public List<String> kinds(SpaceId space) {
        return below().kinds(space);
    }

    @Override
    public LogPosition position() {
        return below().position();
    }

    @Override
    public long appliedIndex() {
        return below().appliedIndex();
    }

    @Override
    public void awaitApplied(long index, Duration timeout) {
        below().awaitApplied(index, timeout);
    }

    @Override
    @MustBeClosed
    public FactView view(long atLeastIndex, Duration timeout) {
        return below().view(atLeastIndex, timeout);
    }

    @Override
    @MustBeClosed
    public Watch watch(SpaceId space, Key prefix, long fromIndex) {
        return below().watch(space, prefix, fromIndex);
    }

    /// Leaves what is below open.
    @Override
    public void close() {}
}
