package dev.quern.volume;

import dev.quern.storage.ChunkStore.Extent;
import dev.quern.storage.ExtentLease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts big files into a view without a copy: where the chunk store holds a file's bytes as a file
/// of their own, the view gets a hard link to it, so that there is one copy on the disk and one in
/// the page cache. The link is read-only, as a copy would be, and outlives the stored file.
///
/// Links share one modification time. A second link that would need another one is not made.
/// Thread-safe.
final class FileLinker {
    private static final Logger LOG = LoggerFactory.getLogger(FileLinker.class);

    /// Smaller files never have a stored file of their own.
    private static final long MIN_BYTES = 1 << 20;

    private final Set<PosixFilePermission> mode;

    FileLinker(Set<PosixFilePermission> mode) {
        this.mode = mode;
    }

    /// Links a file, if it can be done.
    ///
    /// @return false if the bytes must be copied
    boolean link(FileContent content, FileTime modifiedAt, Path path) {
        if (content.info().sizeBytes() < MIN_BYTES) {
            return false;
        }
        Optional<ExtentLease> found = content.locate();
        if (found.isEmpty()) {
            return false;
        }
        try (ExtentLease lease = found.get()) {
            return link(lease.extent(), modifiedAt, path);
        } catch (IOException | UnsupportedOperationException e) {
            LOG.debug("{} cannot be linked, it is copied: {}", path, e.toString());
            return false;
        }
    }

    /// One at a time, so that no two set the time of the same file.
    private synchronized boolean link(Extent extent, FileTime modifiedAt, Path path)
            throws IOException {
        Path stored = extent.file();
        if (Files.size(stored) != extent.lengthBytes()) {
            return false;
        }
        int links = (Integer) Files.getAttribute(stored, "unix:nlink");
        if (links > 1 && !Files.getLastModifiedTime(stored).equals(modifiedAt)) {
            return false;
        }
        Files.createLink(path, stored);
        if (links == 1) {
            Files.setLastModifiedTime(path, modifiedAt);
            Files.setPosixFilePermissions(path, mode);
        }
        return true;
    }
}
