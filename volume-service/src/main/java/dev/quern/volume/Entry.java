package dev.quern.volume;

import dev.quern.storage.ChunkId;
import java.time.Instant;
import java.util.Optional;

/// An entry of a directory.
sealed interface Entry {
    /// Its name, a component of a path.
    String name();

    /// Files that it stands for.
    long files();

    /// Bytes of these files.
    long sizeBytes();

    /// What a caller is told about it.
    FileInfo info(VolumePath path);

    /// A file.
    ///
    /// @param name its name
    /// @param content its bytes
    /// @param modifiedAtMillis when they were staged, in milliseconds since 1970
    record File(String name, Content content, long modifiedAtMillis) implements Entry {
        @Override
        public long files() {
            return 1;
        }

        @Override
        public long sizeBytes() {
            return content.sizeBytes();
        }

        @Override
        public FileInfo info(VolumePath path) {
            return new FileInfo(
                    path,
                    false,
                    content.sizeBytes(),
                    content.hash().hex(),
                    Optional.of(Instant.ofEpochMilli(modifiedAtMillis)));
        }
    }

    /// A directory; never an empty one, except at the root.
    ///
    /// @param name its name
    /// @param node the chunk of its node
    /// @param files files in it, at any depth
    /// @param sizeBytes bytes of these files
    record Directory(String name, ChunkId node, long files, long sizeBytes) implements Entry {
        /// The node of an entry that is a directory.
        static Optional<ChunkId> nodeOf(Optional<Entry> entry) {
            return entry.isPresent() && entry.get() instanceof Directory directory
                    ? Optional.of(directory.node)
                    : Optional.empty();
        }

        @Override
        public FileInfo info(VolumePath path) {
            return new FileInfo(path, true, 0, node.hex(), Optional.empty());
        }
    }
}
