package dev.quern.vector;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.store.AlreadyClosedException;
import org.jspecify.annotations.Nullable;

/// The index of an open collection: what was applied to it, and what of that it shows. One lock,
/// `applying`, keeps applying, showing and closing apart, so that no search sees half a batch.
/// Thread-safe. [#close] closes the index.
final class ShownIndex {
    private final LuceneIndex index;
    private final InstantSource clock;
    private final ReentrantLock applying = new ReentrantLock();

    @GuardedBy("applying")
    private final RecentRows recent = new RecentRows();

    /// Written under `applying`.
    private volatile long appliedToken;

    /// The index shows every write up to here; written under `applying`.
    private volatile long shownToken;

    /// When the first write was applied of those that the index does not show; null if it shows
    /// all. Written under `applying`.
    private volatile @Nullable Instant hiddenSince;

    /// When something was applied last, or the collection was opened.
    private volatile Instant changedAt;

    @GuardedBy("applying")
    private boolean closed;

    /// @param token the last write that the index holds
    ShownIndex(LuceneIndex index, long token, InstantSource clock) {
        this.index = index;
        this.clock = clock;
        this.appliedToken = token;
        this.shownToken = token;
        this.changedAt = clock.instant();
    }

    /// For who applies several writes or does something between two.
    ReentrantLock applying() {
        return applying;
    }

    /// Applies a write.
    ///
    /// @param known rows that it deletes; empty: they are counted, for which the index has to show
    ///   what was applied before
    /// @return rows that it deletes
    @CanIgnoreReturnValue
    int apply(long token, WriteBatch batch, Schema schema, OptionalInt known) throws IOException {
        applying.lock();
        try {
            int deletes = known.isPresent() ? known.getAsInt() : count(batch, schema);
            index.apply(batch, token, schema);
            recent.add(batch, token);
            appliedToken = token;
            changedAt = clock.instant();
            hiddenSince = hiddenSince == null ? changedAt : hiddenSince;
            return deletes;
        } finally {
            applying.unlock();
        }
    }

    @GuardedBy("applying")
    private int count(WriteBatch batch, Schema schema) throws IOException {
        if (batch.deleteIds().isEmpty() && batch.deleteWhere().isEmpty()) {
            return 0;
        }
        show();
        return index.countDeletes(batch, schema, clock.instant());
    }

    /// Shows what was applied.
    void show() throws IOException {
        applying.lock();
        try {
            if (shownToken != appliedToken) {
                index.refresh();
                shownToken = appliedToken;
                hiddenSince = null;
                recent.shown();
            }
        } finally {
            applying.unlock();
        }
    }

    /// Shows the segment that a merge has made, unless the next search will see it anyway.
    void showMerged() throws IOException {
        applying.lock();
        try {
            if (!closed && shownToken == appliedToken) {
                index.refresh();
            }
        } finally {
            applying.unlock();
        }
    }

    /// A searcher that shows what a read asks for; goes to [LuceneIndex#release].
    IndexSearcher searcher(Consistency consistency) throws IOException {
        boolean fresh =
                switch (consistency) {
                    case Consistency.Strong _ -> shownToken < appliedToken;
                    case Consistency.Eventual _ -> isBehind();
                    case Consistency.AtLeast(long token) -> shownToken < token;
                };
        if (fresh) {
            applying.lock();
            try {
                requireOpen();
                show();
            } finally {
                applying.unlock();
            }
        }
        return index.acquire();
    }

    /// Whether a write was applied so long ago that it must show, and does not.
    private boolean isBehind() {
        Instant since = hiddenSince;
        return since != null && !since.plus(Consistency.MAX_BEHIND).isAfter(clock.instant());
    }

    /// A searcher on what the index shows, with what has changed since.
    ///
    /// @param changed receives those of the rows that did, empty for one that is gone
    IndexSearcher searcher(Collection<String> ids, Map<String, Optional<Row>> changed)
            throws IOException {
        applying.lock();
        try {
            requireOpen();
            if (!recent.isKept()) {
                show();
                recent.keep();
            }
            changed.putAll(recent.find(ids));
            return index.acquire();
        } finally {
            applying.unlock();
        }
    }

    @GuardedBy("applying")
    private void requireOpen() {
        if (closed) {
            throw new AlreadyClosedException("closed");
        }
    }

    /// The last write of which a commit that was made just now may hold a part.
    ///
    /// @throws dev.quern.common.QuernException `UNAVAILABLE` if a write failed half-way
    long appliedToken(LiveHealth health) {
        applying.lock();
        try {
            if (health.failure() != null) {
                throw health.unavailable("must be opened anew", health.failure());
            }
            return appliedToken;
        } finally {
            applying.unlock();
        }
    }

    /// The last write that was applied.
    long appliedToken() {
        return appliedToken;
    }

    /// The last write that the index shows.
    long shownToken() {
        return shownToken;
    }

    /// Whether the index shows every write that was applied.
    boolean isShown() {
        return shownToken == appliedToken;
    }

    /// When something was applied last, or the collection was opened.
    Instant changedAt() {
        return changedAt;
    }

    boolean isClosed() {
        applying.lock();
        try {
            return closed;
        } finally {
            applying.unlock();
        }
    }

    void close() throws IOException {
        applying.lock();
        try {
            closed = true;
            index.close();
        } finally {
            applying.unlock();
        }
    }
}
