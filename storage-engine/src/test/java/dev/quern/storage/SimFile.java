package dev.quern.storage;

import dev.quern.storage.SimDisk.Loss;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/// The bytes of one file of a [SimDisk]: what programs see, what a power failure surely leaves, and
/// the changes in between, in order. Guarded by its disk.
final class SimFile {
    private static final int SECTOR_BYTES = 512;

    private final List<Change> unsynced = new ArrayList<>();
    private final List<MemorySegment> mappings = new ArrayList<>();
    private byte[] live;
    private byte[] durable;

    /// A file whose bytes are on the platter.
    SimFile(byte[] bytes) {
        live = bytes.clone();
        durable = bytes.clone();
    }

    /// One change that no force has made durable.
    sealed interface Change {
        /// Its place among all changes of the disk.
        long sequence();

        record Write(long sequence, int offset, byte[] bytes) implements Change {}

        record Resize(long sequence, int sizeBytes) implements Change {}
    }

    int sizeBytes() {
        return live.length;
    }

    /// A copy of what programs see.
    byte[] bytes() {
        return live.clone();
    }

    /// Whether a power failure would leave a range as programs see it.
    boolean isOnDevice(long from, long to) {
        int end = Math.toIntExact(to);
        return end <= durable.length
                && Arrays.equals(live, (int) from, end, durable, (int) from, end);
    }

    void write(long sequence, ByteBuffer source, long offset) {
        byte[] bytes = new byte[source.remaining()];
        source.duplicate().get(bytes);
        int at = Math.toIntExact(offset);
        Change.Write write = new Change.Write(sequence, at, bytes);
        live = apply(live, write);
        unsynced.add(write);
        for (MemorySegment mapping : mappings) {
            long length = Math.min(bytes.length, mapping.byteSize() - at);
            if (mapping.scope().isAlive() && length > 0) {
                MemorySegment.copy(MemorySegment.ofArray(bytes), 0, mapping, at, length);
            }
        }
    }

    void resize(long sequence, long sizeBytes) {
        Change.Resize resize = new Change.Resize(sequence, Math.toIntExact(sizeBytes));
        live = apply(live, resize);
        unsynced.add(resize);
        for (MemorySegment mapping : mappings) {
            if (mapping.scope().isAlive() && mapping.byteSize() > sizeBytes) {
                mapping.asSlice(sizeBytes).fill((byte) 0);
            }
        }
    }

    /// A view that later writes show in, for as long as the arena is open.
    MemorySegment map(Arena arena) {
        mappings.removeIf(mapping -> !mapping.scope().isAlive());
        MemorySegment mapping = arena.allocate(live.length);
        mapping.copyFrom(MemorySegment.ofArray(live));
        mappings.add(mapping);
        return mapping.asReadOnly();
    }

    long liveMappings() {
        return mappings.stream().filter(mapping -> mapping.scope().isAlive()).count();
    }

    void force() {
        for (Change change : unsynced) {
            durable = apply(durable, change);
        }
        unsynced.clear();
    }

    /// What a kernel does when the device fails: some dirty pages are lost and count as clean, so
    /// that a later force has nothing to write; programs go on seeing them.
    void forceFails(RandomGenerator random) {
        unsynced.removeIf(change -> change instanceof Change.Write && random.nextBoolean());
    }

    boolean isDirty() {
        return !unsynced.isEmpty();
    }

    /// The same file to the next process, when only the process has died.
    SimFile restarted() {
        SimFile next = new SimFile(live);
        next.durable = durable.clone();
        next.unsynced.addAll(unsynced);
        return next;
    }

    /// What a power failure leaves.
    ///
    /// @param through with [Loss#PREFIX], the last change that is kept; the next one is torn
    SimFile afterPowerLoss(RandomGenerator random, Loss loss, long through) {
        byte[] left = durable.clone();
        for (Change change : unsynced) {
            left =
                    switch (loss) {
                        case EVERYTHING -> left;
                        case NOTHING -> apply(left, change);
                        case PREFIX -> {
                            if (change.sequence() <= through) {
                                yield apply(left, change);
                            }
                            yield change.sequence() == through + 1
                                    ? tear(left, change, random)
                                    : left;
                        }
                        case RANDOM ->
                                switch (random.nextInt(4)) {
                                    case 0 -> left;
                                    case 1 -> tear(left, change, random);
                                    default -> apply(left, change);
                                };
                    };
        }
        return new SimFile(left);
    }

    private static byte[] apply(byte[] image, Change change) {
        return switch (change) {
            case Change.Write(_, int offset, byte[] bytes) -> {
                int end = offset + bytes.length;
                byte[] next = end > image.length ? Arrays.copyOf(image, end) : image;
                System.arraycopy(bytes, 0, next, offset, bytes.length);
                yield next;
            }
            case Change.Resize(_, int sizeBytes) ->
                    sizeBytes == image.length ? image : Arrays.copyOf(image, sizeBytes);
        };
    }

    /// Part of a write: up to some byte, up to some sector, some of its sectors, or all of it with
    /// a bit flipped, also in a byte that was there already. Half of a resize is the whole or
    /// nothing.
    private static byte[] tear(byte[] image, Change change, RandomGenerator random) {
        if (!(change instanceof Change.Write(_, int offset, byte[] bytes)) || bytes.length == 0) {
            return random.nextBoolean() ? apply(image, change) : image;
        }
        byte[] torn = bytes.clone();
        boolean cut = false;
        switch (random.nextInt(4)) {
            case 0 -> {
                torn = Arrays.copyOf(torn, random.nextInt(bytes.length + 1));
                cut = true;
            }
            case 1 -> {
                int sectors = (offset + random.nextInt(bytes.length + 1)) / SECTOR_BYTES;
                torn = Arrays.copyOf(torn, Math.max(0, sectors * SECTOR_BYTES - offset));
                cut = true;
            }
            case 2 -> dropSectors(image, offset, torn, random);
            default -> torn[random.nextInt(torn.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
        }
        return cut && torn.length == 0 ? image : apply(image, new Change.Write(0, offset, torn));
    }

    /// Puts the old bytes back into some sectors of a write.
    private static void dropSectors(
            byte[] image, int offset, byte[] bytes, RandomGenerator random) {
        for (int at = 0; at < bytes.length; ) {
            int next = Math.min(bytes.length, at + SECTOR_BYTES - (offset + at) % SECTOR_BYTES);
            if (random.nextBoolean()) {
                for (int i = at; i < next; i++) {
                    bytes[i] = offset + i < image.length ? image[offset + i] : 0;
                }
            }
            at = next;
        }
    }

    /// Turns one bit of what is durable, as a failing device does.
    void flipBit(RandomGenerator random) {
        if (durable.length > 0) {
            int at = random.nextInt(durable.length);
            durable[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
            live = durable.clone();
        }
    }
}
