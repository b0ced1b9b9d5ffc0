package dev.quern.storage;

import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.rocksdb.Cache;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Opens the chunk index of a directory. One that is damaged, or of another version than
/// [PackIndexFormat] says, is thrown away and an empty one made: the packs tell what was in it.
///
/// A process may die while it does so. The file that names the manifest goes first and for good, so
/// that what is without one is known to be the rest of a database, of which nothing may be read.
///
/// @param cache stays the caller's
record PackIndexOpening(Disk disk, Path directory, Cache cache) {
    private static final Logger LOG = LoggerFactory.getLogger(PackIndexOpening.class);

    /// RocksDB's file that names the manifest in use.
    private static final String CURRENT = "CURRENT";

    private static final String MANIFEST = "MANIFEST-";

    PackIndex open() throws IOException {
        disk.createDirectories(directory);
        if (disk.list(directory, CURRENT).isEmpty()) {
            return create();
        }
        if (disk.list(directory, "").stream().noneMatch(PackIndexOpening::isManifest)) {
            LOG.warn("chunk index {} has no manifest, made anew", directory);
            return create();
        }
        try {
            Rocks rocks = new Rocks(disk, directory, cache);
            if (isOurs(rocks)) {
                return new PackIndex(rocks, false);
            }
            rocks.close();
        } catch (RocksDBException e) {
            if (!StorageErrors.isCorrupt(e)) {
                throw StorageErrors.of("cannot open chunk index " + directory, e);
            }
            LOG.warn("chunk index {} is damaged, made anew: {}", directory, e.getMessage());
        }
        return create();
    }

    private boolean isOurs(Rocks rocks) {
        try {
            return Arrays.equals(rocks.get(PackIndexFormat.VERSION_KEY), PackIndexFormat.VERSION);
        } catch (QuernException e) {
            LOG.warn("chunk index {} is damaged, made anew: {}", directory, e.getMessage());
            return false;
        }
    }

    private static boolean isManifest(Path file) {
        return String.valueOf(file.getFileName()).startsWith(MANIFEST);
    }

    private PackIndex create() throws IOException {
        disk.delete(directory.resolve(CURRENT));
        disk.syncDirectory(directory);
        for (Path file : disk.list(directory, "")) {
            disk.delete(file);
        }
        try {
            Rocks rocks = new Rocks(disk, directory, cache);
            try (WriteBatch batch = new WriteBatch()) {
                batch.put(PackIndexFormat.VERSION_KEY, PackIndexFormat.VERSION);
                rocks.write(batch, false);
            }
            return new PackIndex(rocks, true);
        } catch (RocksDBException e) {
            throw StorageErrors.of("cannot make chunk index " + directory, e);
        }
    }
}
