package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ByteSize;
import java.nio.file.Path;
import java.util.Random;

/// Opens engines for tests: small packs, little memory, no reserve.
final class Engines {
    static final long PACK_BYTES = 64 << 10;

    private Engines() {}

    static StorageConfig config(Path directory) {
        return new StorageConfig(
                        directory,
                        new ByteSize(PACK_BYTES),
                        ByteSize.ofMebibytes(1),
                        ByteSize.ofMebibytes(2),
                        new ByteSize(0))
                .withLogRetention(ByteSize.ofMebibytes(1));
    }

    @MustBeClosed
    static StorageEngine open(Path directory) {
        return open(directory, new LocalDisk());
    }

    @MustBeClosed
    static StorageEngine open(Path directory, Disk disk) {
        return StorageEngine.open(config(directory), disk, new Random(42));
    }
}
