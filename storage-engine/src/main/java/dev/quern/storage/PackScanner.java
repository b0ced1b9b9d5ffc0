package dev.quern.storage;

import dev.quern.storage.PackFormat.Footer;
import dev.quern.storage.PackFormat.Header;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds the records of a pack again: by its footer when it was sealed, else by walking it. Bytes
/// that are no record, as a crash in the middle of a write leaves them, are stepped over up to the
/// next record that belongs there; nothing is taken that does not match its checksums.
final class PackScanner {
    private static final Logger LOG = LoggerFactory.getLogger(PackScanner.class);

    private final String name;
    private final MemorySegment pack;
    private final Header header;

    PackScanner(String name, MemorySegment pack, Header header) {
        this.name = name;
        this.pack = pack;
        this.header = header;
    }

    /// Hands over every record from `from` on, in order.
    ///
    /// @return the offset from which on the pack holds nothing but zeros
    long scan(long from, Consumer<PackRecord> records) {
        Footer footer = PackFormat.footer(pack, header);
        return footer == null ? walk(from, records) : list(footer, from, records);
    }

    private long list(Footer footer, long from, Consumer<PackRecord> records) {
        for (int i = 0; i < footer.records(); i++) {
            long at = footer.footerOffset() + (long) i * header.recordBytes();
            PackRecord record = PackFormat.record(pack, at, header);
            if (record == null) {
                LOG.warn("pack {} at offset {}: footer entry is no record, skipped", name, at);
            } else if (record.offset() >= from) {
                records.accept(record);
            }
        }
        return pack.byteSize();
    }

    private long walk(long from, Consumer<PackRecord> records) {
        long used = from;
        long at = from;
        while (at <= pack.byteSize() - header.recordBytes()) {
            PackRecord record = recordAt(at);
            if (record == null) {
                long next = nextRecord(at + 8);
                used = stepOver(at, next) ? next : used;
                at = next;
            } else {
                at = record.end();
                used = at;
                if (isWhole(record)) {
                    records.accept(record);
                }
            }
        }
        return at < pack.byteSize() && stepOver(at, pack.byteSize()) ? pack.byteSize() : used;
    }

    private @Nullable PackRecord recordAt(long at) {
        PackRecord record = PackFormat.record(pack, at, header);
        boolean belongs =
                record != null
                        && record.offset() == at
                        && record.storedBytes() <= pack.byteSize() - record.bodyOffset();
        return belongs ? record : null;
    }

    private boolean isWhole(PackRecord record) {
        int crc = Checksums.crc32c(pack.asSlice(record.bodyOffset(), record.storedBytes()));
        if (crc != record.form().crc()) {
            LOG.warn(
                    "pack {} at offset {}: chunk {} does not match its checksum, skipped",
                    name,
                    record.offset(),
                    record.id());
        }
        return crc == record.form().crc();
    }

    /// The offset of the next record, or the end of the pack.
    private long nextRecord(long from) {
        for (long at = from; at <= pack.byteSize() - header.recordBytes(); at += 8) {
            if (PackFormat.mayBeRecord(pack, at) && recordAt(at) != null) {
                return at;
            }
        }
        return pack.byteSize();
    }

    /// Tells of bytes that are lost, if any is not 0.
    private boolean stepOver(long from, long to) {
        for (long at = from; at < to; at++) {
            if (pack.get(ValueLayout.JAVA_BYTE, at) != 0) {
                LOG.warn(
                        "pack {} at offset {}: {} bytes are no whole record (a torn write), skipped",
                        name,
                        from,
                        to - from);
                return true;
            }
        }
        return false;
    }
}
