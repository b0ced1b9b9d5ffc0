package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The open things of one kind: at most so many, and all of them are closed with their owner.
/// Thread-safe.
final class OpenSet<T extends AutoCloseable> {
    private static final long RETRY_AFTER_MILLIS = 1_000;

    private final String what;
    private final int max;

    @GuardedBy("this")
    private final Set<T> open = new LinkedHashSet<>();

    /// @param what in the plural, for messages
    OpenSet(String what, int max) {
        this.what = what;
        this.max = max;
    }

    /// @throws QuernException `EXHAUSTED` if there is no room for one more
    synchronized void requireRoom() {
        if (open.size() >= max) {
            throw QuernException.exhausted(
                    "meta log has " + open.size() + " of at most " + max + " " + what + " open",
                    RETRY_AFTER_MILLIS);
        }
    }

    /// Adds one.
    ///
    /// @throws QuernException `EXHAUSTED` if there is no room; it is then the caller's to close
    synchronized void add(T one) {
        requireRoom();
        open.add(one);
    }

    synchronized void remove(T one) {
        open.remove(one);
    }

    /// All of them; they may remove themselves meanwhile.
    synchronized List<T> all() {
        return new ArrayList<>(open);
    }
}
