package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.CompactionTarget.Move;
import dev.quern.storage.PackFormat.Header;
import dev.quern.storage.PackIndex.Location;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// Puts packs that were staged on this machine into the tier, under ids that no other member uses.
/// Thread-safe.
final class TierUpload {
    private static final int MAX_IDS = 8;

    private final Tier tier;
    private final TierPacks packs;
    private final TierPackReader reader;
    private final PackDirectory staging;
    private final InstantSource clock;
    private final RandomGenerator random;

    TierUpload(
            Tier tier,
            TierPacks packs,
            TierPackReader reader,
            PackDirectory staging,
            InstantSource clock,
            RandomGenerator random) {
        this.tier = tier;
        this.packs = packs;
        this.reader = reader;
        this.staging = staging;
        this.clock = clock;
        this.random = random;
    }

    /// Puts a pack that was sealed, and returns once the tier has it and the index names its
    /// chunks. One that could not be sealed, on a full disk, is copied to one that can.
    ///
    /// @param records all that are in it
    void put(Pack staged, List<PackRecord> records) throws IOException {
        try (Arena arena = Arena.ofShared()) {
            // A private mapping: the id in the header is another one in the tier.
            MemorySegment pack = mapPrivate(staged.file(), arena);
            if (!putSealed(staged, pack, records)) {
                putCopy(pack, records);
            }
        }
    }

    private boolean putSealed(Pack staged, MemorySegment pack, List<PackRecord> records) {
        long id = putSealed(staged, pack);
        if (id == 0) {
            return false;
        }
        packs.added(id, records, pack.byteSize());
        reader.warm(id, records, pack);
        return true;
    }

    /// Returns the id in the tier, or 0 if the pack is not sealed.
    private long putSealed(Pack staged, MemorySegment pack) {
        Header header = PackFormat.header(pack, staged.id(), staged.file().toString());
        if (header == null || PackFormat.footer(pack, header) == null) {
            return 0;
        }
        long id = put(pack, header);
        reader.know(id, header);
        return id;
    }

    /// Puts a pack of copies, and returns once the tier has it and the index names the copies in
    /// place of the records that they were made of, where it has those still.
    ///
    /// @param copies as they lie in the staged pack
    /// @throws QuernException `EXHAUSTED` if the pack could not be sealed
    void putCopies(Pack staged, List<Move> copies) throws IOException {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment pack = mapPrivate(staged.file(), arena);
            long id = putSealed(staged, pack);
            if (id == 0) {
                throw new IOException("No space left on device for a pack's footer");
            }
            List<Move> moves = new ArrayList<>();
            for (Move move : copies) {
                Location inTier = new Location(id, move.copy().offset());
                moves.add(new Move(move.copy(), move.from(), inTier));
            }
            packs.moved(id, moves, pack.byteSize());
        }
    }

    private void putCopy(MemorySegment pack, List<PackRecord> records) throws IOException {
        PackWriter copy = staging.begin(0);
        try (Arena arena = Arena.ofShared()) {
            List<PackRecord> copies = new ArrayList<>();
            try (copy) {
                for (PackRecord record : records) {
                    MemorySegment body = pack.asSlice(record.bodyOffset(), record.storedBytes());
                    copies.add(
                            copy.append(
                                    record.space(),
                                    record.id(),
                                    body.asByteBuffer(),
                                    record.form()));
                }
                copy.forceFinished();
                staging.finished(copy);
            }
            if (!putSealed(copy.pack(), mapPrivate(copy.pack().file(), arena), copies)) {
                throw new IOException("No space left on device for a pack's footer");
            }
        } finally {
            staging.delete(copy.pack().id());
        }
    }

    private static MemorySegment mapPrivate(Path file, Arena arena) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(MapMode.PRIVATE, 0, channel.size(), arena);
        }
    }

    private long put(MemorySegment pack, Header header) {
        for (int i = 0; i < MAX_IDS; i++) {
            long id = TierStoreFormat.newId(clock.instant(), random);
            ByteBuffer bytes = pack.asSlice(0, PackFormat.HEADER_BYTES).asByteBuffer();
            PackFormat.putHeader(bytes, id, header.salt());
            if (tier.putIfAbsent(TierStoreFormat.pack(id), pack.asReadOnly())) {
                return id;
            }
        }
        throw QuernException.internal(
                MAX_IDS + " ids of packs in " + tier + " were taken: is the clock stuck?", null);
    }
}
