package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.jetbrains.lincheck.datastructures.Operation;

/// A [Pack] as [ConcurrencyTest] drives it: leases are opened, read and closed while it is retired
/// and its file goes.
public final class PackLincheck {
    private static final Path DIRECTORY = Path.of("/sim/packs");
    private static final byte[] BODY = Chunks.bytes(1, 300);
    private static final ChunkId ID = MemoryChunkStore.idOf(BODY);
    private static final byte[] IMAGE = PackImages.pack(true, BODY);
    private static final BodyCodec CODEC = new BodyCodec(false, new Random(1), SpaceKeys.UNBOUND);

    private final SimDisk disk = new SimDisk(new Random(1), _ -> false);
    private final Pack pack = new Pack(disk, DIRECTORY, PackImages.ID, Pack.Kind.RECORDS);

    /// A pack of one chunk.
    public PackLincheck() {
        try (Disk.DiskFile file = disk.create(pack.file(), 0)) {
            file.write(ByteBuffer.wrap(IMAGE), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Returns whether a lease could be had; what it shows is right for as long as it is open.
    @Operation
    public boolean read() {
        try (ChunkLease lease = pack.open(SPACE, ID, PackFormat.HEADER_BYTES, CODEC)) {
            if (lease == null) {
                return false;
            }
            if (!Arrays.equals(lease.bytes().toArray(ValueLayout.JAVA_BYTE), BODY)) {
                throw new AssertionError("other bytes");
            }
            return true;
        }
    }

    @Operation
    public void retire() {
        pack.retire();
    }

    @Operation
    public void delete() {
        pack.delete();
    }
}
