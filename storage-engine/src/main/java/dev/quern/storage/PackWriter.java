package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.Disk.DiskFile;
import dev.quern.storage.PackFormat.Footer;
import dev.quern.storage.PackFormat.Header;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The pack that is being appended to. Its file is as long as a full pack from the first, sparse
/// beyond what is written, so that one mapping serves all its readers.
///
/// A record that could not be written whole leaves the position where it was. Not thread-safe,
/// except that [#force] may run beside the rest.
final class PackWriter implements PackOutput {
    private static final Logger LOG = LoggerFactory.getLogger(PackWriter.class);
    private static final int STAGING_BYTES = 64 << 10;

    private final Pack pack;
    private final DiskFile file;
    private final Header header;
    private final long capacityBytes;
    private final MemorySegment bytes;
    private final ByteBuffer staging = ByteBuffer.allocateDirect(STAGING_BYTES);
    private long position = PackFormat.HEADER_BYTES;
    private int records;

    private PackWriter(
            Pack pack, DiskFile file, Header header, long capacityBytes, MemorySegment map) {
        this.pack = pack;
        this.file = file;
        this.header = header;
        this.capacityBytes = capacityBytes;
        this.bytes = map;
    }

    /// Begins a pack that takes `capacityBytes`; nothing of it stays if that fails.
    static PackWriter create(Disk disk, Pack pack, long salt, long capacityBytes)
            throws IOException {
        Header written = Header.of(salt);
        boolean created = false;
        Arena arena = Arena.ofShared();
        DiskFile file = null;
        try {
            file = disk.create(pack.file(), capacityBytes);
            ByteBuffer header = ByteBuffer.allocateDirect(PackFormat.HEADER_BYTES);
            PackFormat.putHeader(header, pack.id(), salt);
            file.write(header.flip(), 0);
            MemorySegment map = file.map(arena);
            PackWriter writer = new PackWriter(pack, file, written, capacityBytes, map);
            pack.adopt(new MappedPack(pack.file(), arena, map, written));
            created = true;
            return writer;
        } finally {
            if (!created) {
                arena.close();
                if (file != null) {
                    file.close();
                }
                disk.delete(pack.file());
            }
        }
    }

    /// The size of a pack that holds a single chunk.
    static long bytesFor(int bodyBytes) {
        return PackFormat.align(
                (long) PackFormat.HEADER_BYTES + PackFormat.RECORD_BYTES + bodyBytes);
    }

    @Override
    public Pack pack() {
        return pack;
    }

    @Override
    public long position() {
        return position;
    }

    boolean fits(int bodyBytes) {
        return PackFormat.align(position + PackFormat.RECORD_BYTES + bodyBytes) <= capacityBytes;
    }

    /// Appends a chunk that [#fits].
    ///
    /// @param body as it is to be stored
    PackRecord append(SpaceId space, ChunkId id, ByteBuffer body, BodyForm form)
            throws IOException {
        PackRecord record = new PackRecord(position, header.recordBytes(), space, id, form);
        int length = body.remaining();
        staging.clear();
        PackFormat.putRecord(staging, record, header.salt());
        if (length <= staging.remaining()) {
            file.write(staging.put(body.duplicate()).flip(), position);
        } else {
            file.write(staging.flip(), position);
            file.write(body, record.bodyOffset());
        }
        position = record.end();
        records++;
        return record;
    }

    /// Clears what a failed append left behind.
    void reset() throws IOException {
        file.resize(position);
        file.resize(capacityBytes);
    }

    private void seal() throws IOException {
        CRC32C crc = new CRC32C();
        long at = position;
        staging.clear();
        for (long offset = PackFormat.HEADER_BYTES; offset < position; ) {
            if (staging.remaining() < PackFormat.RECORD_BYTES) {
                at = flush(crc, at);
            }
            staging.put(bytes.asSlice(offset, PackFormat.RECORD_BYTES).asByteBuffer());
            offset = PackFormat.end(bytes, offset, header);
        }
        at = flush(crc, at);
        PackFormat.putTrailer(
                staging, new Footer(position, records), header.salt(), (int) crc.getValue());
        file.write(staging.flip(), at);
        file.resize(at + PackFormat.TRAILER_BYTES);
    }

    private long flush(CRC32C crc, long at) throws IOException {
        staging.flip();
        int length = staging.remaining();
        crc.update(staging.duplicate());
        file.write(staging, at);
        staging.clear();
        return at + length;
    }

    /// Makes everything appended before durable.
    void force() throws IOException {
        file.force();
    }

    /// Makes the records durable, then writes the footer, which nobody can append after, and makes
    /// that durable. A footer vouches for its records without anyone reading them again, so it may
    /// reach the disk only after them; one that cannot be written is done without.
    @Override
    public void forceFinished() throws IOException {
        file.force();
        try {
            seal();
        } catch (IOException e) {
            LOG.warn("pack {}: left without a footer: {}", pack.file(), e.toString());
            trim();
        }
        file.force();
    }

    /// Cuts the file after the last record, where nothing that counts is.
    private void trim() {
        try {
            file.resize(position);
        } catch (IOException e) {
            LOG.warn("pack {}: cannot cut its end: {}", pack.file(), e.toString());
        }
    }

    /// Closes the file; readers keep their mapping.
    @Override
    public void close() throws IOException {
        file.close();
    }
}
