package dev.quern.storage;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// How the records of a pack are found. Thread-safe as long as the pack is mapped.
sealed interface PackLayout permits PackFormat.Header, RunFormat.Table {
    /// The record at an offset, itself checked but not its body, or null if there is none.
    @Nullable PackRecord record(MemorySegment pack, long offset);

    /// Hands over all records, in order.
    void forEach(MappedPack pack, Consumer<PackRecord> records);
}
