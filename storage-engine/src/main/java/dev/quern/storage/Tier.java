package dev.quern.storage;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;

/// A place for immutable named blobs that other machines may share: a directory, a bucket. A blob
/// is made once, whole or not at all, and never changes; so there is no locking, and what a reader
/// has seen stays true until somebody deletes it.
///
/// The names are those of [TierNames], and no blob's name may be another's followed by `/`. Every
/// method that names a blob throws `INVALID` for any other name, `UNAVAILABLE` when the place does
/// not answer, and `EXHAUSTED` with `retry_after_ms` when it is full or throttles. Thread-safe. The
/// owner closes it.
public interface Tier extends AutoCloseable {
    /// The most blobs that one [#list] hands over.
    int MAX_PAGE = 1000;

    /// Stores a blob durably unless its name is taken. Of several that race for a name, one wins.
    ///
    /// After an attempt that was cut off, when nobody can tell whether it arrived, a blob that has
    /// exactly these bytes counts as its outcome. So bytes that claim a name must be the claimant's
    /// own, say by a random id in them.
    ///
    /// @param bytes not modified during the call
    /// @return false if the name was taken: that blob is durable
    boolean putIfAbsent(String name, MemorySegment bytes);

    /// Stores the bytes of a file, without loading it whole.
    ///
    /// @param file not modified during the call
    default boolean putIfAbsent(String name, Path file) {
        TierNames.require(name);
        try (Arena arena = Arena.ofShared();
                FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return putIfAbsent(name, channel.map(MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (IOException e) {
            throw StorageErrors.of("cannot read " + file, e);
        }
    }

    /// Reads from a blob.
    ///
    /// @param offset where to begin, 0 or more; `INVALID` otherwise
    /// @param target takes as many bytes as it has
    /// @return how many bytes came: fewer than asked for only where the blob ends, and 0 beyond
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is no such blob
    long read(String name, long offset, MemorySegment target);

    /// How many bytes a blob has; empty if there is none.
    OptionalLong size(String name);

    /// Blobs in the order of their names' bytes.
    ///
    /// @param prefix only names that start with it; empty for all
    /// @param after only names greater than it; empty for all
    /// @param limit 1 to [#MAX_PAGE]; the page is shorter only at the end
    List<Blob> list(String prefix, String after, int limit);

    /// Removes a blob, if it is there.
    void delete(String name);

    /// For messages: where it is.
    @Override
    String toString();

    @Override
    void close();

    /// A blob that a tier has.
    ///
    /// @param name its name
    /// @param sizeBytes its length
    record Blob(String name, long sizeBytes) {}
}
