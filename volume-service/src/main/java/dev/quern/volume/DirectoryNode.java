package dev.quern.volume;

import dev.quern.storage.ChunkId;
import java.util.List;

/// A decoded node of a directory. A directory is one leaf, or an index over two or more.
sealed interface DirectoryNode {
    /// Entries in name order.
    record Leaf(List<Entry> entries) implements DirectoryNode {
        /// Copies the list.
        public Leaf {
            entries = List.copyOf(entries);
        }

        /// The reference by which an index names this leaf; it must have an entry.
        LeafRef ref(ChunkId id) {
            long files = 0;
            long sizeBytes = 0;
            for (Entry entry : entries) {
                files += entry.files();
                sizeBytes += entry.sizeBytes();
            }
            return new LeafRef(entries.getFirst().name(), id, files, sizeBytes);
        }
    }

    /// Leaves in name order.
    record Index(List<LeafRef> leaves) implements DirectoryNode {
        /// Copies the list.
        public Index {
            leaves = List.copyOf(leaves);
        }
    }

    /// A leaf, as its index names it.
    ///
    /// @param firstName the name of its first entry
    /// @param id its chunk
    /// @param files files that its entries stand for
    /// @param sizeBytes bytes of these files
    record LeafRef(String firstName, ChunkId id, long files, long sizeBytes) {}
}
