package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.SimDisk.Loss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A storage engine on a [SimDisk], through any number of crashes. The databases lie in a real
/// directory: at a power failure the index of chunks, which is never synced, is found as it was, as
/// it was when the engine was opened, or not at all. Not thread-safe.
final class SimEngine implements AutoCloseable {
    private final Path root;
    private final RandomGenerator random;
    private SimDisk disk;
    private @Nullable StorageEngine engine;

    /// An empty disk.
    ///
    /// @param root an empty directory of the machine
    SimEngine(Path root, RandomGenerator random) {
        this.root = root;
        this.random = random;
        this.disk = new SimDisk(random, path -> isDatabase(root, path));
    }

    private static boolean isDatabase(Path root, Path path) {
        return path.startsWith(index(root)) || path.startsWith(root.resolve("data/facts"));
    }

    private static Path index(Path root) {
        return root.resolve("data/chunks/index");
    }

    SimDisk disk() {
        return disk;
    }

    /// The engine, opened if it is not.
    @SuppressWarnings("MustBeClosedChecker") // closed by close, kill or powerLoss
    StorageEngine engine() {
        StorageEngine current = engine;
        if (current == null) {
            keepIndex();
            current = Engines.open(root.resolve("data"), disk);
            engine = current;
        }
        return current;
    }

    boolean isOpen() {
        return engine != null;
    }

    /// Ends the process and lets the machine go on.
    void kill() {
        SimDisk next = disk.kill();
        drop();
        disk = next;
    }

    /// Ends process and machine.
    void powerLoss(Loss loss) {
        SimDisk next = disk.powerLoss(loss);
        drop();
        disk = next;
        switch (random.nextInt(3)) {
            case 0 -> delete(index(root));
            case 1 -> {
                delete(index(root));
                copy(root.resolve("index-before"), index(root));
            }
            default -> {}
        }
    }

    /// Frees what the engine holds of the machine; its disk is off.
    private void drop() {
        StorageEngine dropped = engine;
        engine = null;
        if (dropped != null) {
            try {
                dropped.close();
            } catch (QuernException e) {
                return; // its disk is off
            }
        }
    }

    /// Closes the engine as a server does that is told to stop.
    ///
    /// @throws AssertionError if a file or a mapping stays open
    @Override
    public void close() {
        StorageEngine closed = engine;
        engine = null;
        if (closed != null) {
            closed.close();
            if (disk.held() != 0) {
                throw new AssertionError(disk.held() + " files or mappings stay open");
            }
        }
    }

    private void keepIndex() {
        delete(root.resolve("index-before"));
        copy(index(root), root.resolve("index-before"));
    }

    private static void copy(Path from, Path to) {
        if (!Files.isDirectory(from)) {
            return;
        }
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file)));
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// Deletes a directory, if it is there.
    static void delete(Path directory) {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            List<Path> found = files.toList();
            for (Path file : found.reversed()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
