package dev.quern.storage;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.FactSnapshotFormat.Entry;
import dev.quern.storage.FactSnapshotFormat.Reader;
import dev.quern.storage.FactSnapshotFormat.Writer;
import dev.quern.storage.MetaLog.Fact;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;

/// All facts as one stream of bytes ([FactSnapshotFormat]): written from a view of any MetaLog,
/// read in to begin another with the same facts, versions and hash.
public final class FactSnapshot {
    private static final int PAGE = 100;
    private static final int IMPORT_CHANGES = 1_000;
    private static final int BUFFER_BYTES = 64 << 10;
    private static final long CACHE_BYTES = 8 << 20;

    private FactSnapshot() {}

    /// Writes what a view shows. The same view gives the same bytes.
    ///
    /// @param out flushed, not closed
    /// @return what was written, for comparison with what is read in later
    /// @throws QuernException `UNAVAILABLE` if `out` cannot be written
    public static LogPosition exportTo(FactView view, OutputStream out) {
        try {
            Writer writer = new Writer(new BufferedOutputStream(out, BUFFER_BYTES));
            writer.header(view.position());
            Optional<SpaceId> after = Optional.empty();
            List<SpaceId> spaces = view.spaces(after, PAGE);
            while (!spaces.isEmpty()) {
                for (SpaceId space : spaces) {
                    export(view, space, writer);
                }
                spaces = view.spaces(Optional.of(spaces.getLast()), PAGE);
            }
            writer.footer();
            return view.position();
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "cannot write the snapshot of facts: " + e.getMessage(),
                    e);
        }
    }

    private static void export(FactView view, SpaceId space, Writer writer) throws IOException {
        KeyRange rest = KeyRange.all();
        List<Fact> facts = view.scan(space, rest, PAGE);
        while (!facts.isEmpty()) {
            for (Fact fact : facts) {
                writer.record(
                        FactFormat.key(space, fact.key()),
                        FactFormat.value(fact.version(), fact.value(), fact.indexed()));
            }
            rest = rest.after(facts.getLast().key());
            facts = view.scan(space, rest, PAGE);
        }
    }

    /// Reads a snapshot into the facts of a data directory that has none yet.
    ///
    /// @param directory that of the facts, made when absent
    /// @see #importInto(FactTable, InputStream)
    static LogPosition importInto(Disk disk, Path directory, InputStream in) {
        RocksDB.loadLibrary();
        try (LRUCache cache = new LRUCache(CACHE_BYTES);
                FactTable table = RocksFactTable.open(disk, directory, cache)) {
            return importInto(table, in);
        }
    }

    /// Reads a snapshot into a table that has no facts yet, or only those of a snapshot that was
    /// not read to its end. Every fact is checked as it comes and the hash of the whole is computed
    /// anew. Until all is in and durable, the table refuses to be opened.
    ///
    /// @param in read to the end of the snapshot, and not beyond; buffered by the caller; not
    ///   closed
    /// @return where the log is to begin
    /// @throws QuernException `CONFLICT` if the table has facts; `CORRUPT` naming the offset if
    ///   these are not the bytes of a snapshot, or naming both hashes if they are of another state;
    ///   `UNAVAILABLE` if they cannot be read
    static LogPosition importInto(FactTable table, InputStream in) {
        try {
            Reader reader = new Reader(in);
            LogPosition expected = reader.header();
            FactImport target = FactImport.begin(table);
            Entry entry = reader.next();
            while (entry != null) {
                target.add(entry.key(), entry.value());
                if (target.pending() >= IMPORT_CHANGES) {
                    target.write();
                }
                entry = reader.next();
            }
            target.finish(expected);
            return expected;
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE,
                    "cannot read the snapshot of facts: " + e.getMessage(),
                    e);
        }
    }
}
