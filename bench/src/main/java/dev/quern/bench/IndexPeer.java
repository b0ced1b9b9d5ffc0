package dev.quern.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/// RocksDB with as many keys as a store has chunks, each with a value as long as an index entry's:
/// what the garbage collection of 9 in 16 of them costs where nothing is marked or compared. It
/// reads them all and writes these anew in batches of 1,000, then reads all again and deletes them.
final class IndexPeer {
    static final String NAME = "rocksdb: scan, write; scan, delete";
    static final String SCAN = "rocksdb: scan";

    private static final int KEY_BYTES = 41;
    private static final int VALUE_BYTES = 29;
    private static final int BATCH = 1000;

    private final RocksDB db;

    private IndexPeer(RocksDB db) {
        this.db = db;
    }

    /// What both passes cost, in a new directory that is gone afterwards.
    static Cost collect(Path directory, int keys) throws IOException {
        return run(directory, keys, true);
    }

    /// What reading all keys costs.
    static Cost scan(Path directory, int keys) throws IOException {
        return run(directory, keys, false);
    }

    private static Cost run(Path directory, int keys, boolean change) throws IOException {
        Files.createDirectories(directory);
        try (Options options = new Options().setCreateIfMissing(true);
                RocksDB db = RocksDB.open(options, directory.toString())) {
            IndexPeer peer = new IndexPeer(db);
            peer.fill(keys);
            return Cost.of(() -> {
                peer.pass(change, false);
                if (change) {
                    peer.pass(true, true);
                }
            });
        } catch (RocksDBException e) {
            throw new IOException("rocksdb: " + e.getMessage(), e);
        } finally {
            BenchServer.deleteTree(directory);
        }
    }

    private void fill(int keys) throws IOException {
        Random random = new Random(keys);
        List<byte[]> batch = new ArrayList<>();
        for (int i = 0; i < keys; i++) {
            byte[] key = new byte[KEY_BYTES];
            random.nextBytes(key);
            batch.add(key);
            if (batch.size() == BATCH || i == keys - 1) {
                write(batch, false);
                batch.clear();
            }
        }
    }

    private void pass(boolean change, boolean delete) throws IOException {
        List<byte[]> batch = new ArrayList<>();
        int number = 0;
        try (RocksIterator entries = db.newIterator()) {
            for (entries.seekToFirst(); entries.isValid(); entries.next()) {
                byte[] key = entries.key();
                if (entries.value().length != VALUE_BYTES) {
                    throw new IOException("rocksdb has a value of another length");
                }
                if (change && HalfDead.isDead(number)) {
                    batch.add(key);
                }
                number++;
                if (batch.size() == BATCH) {
                    write(batch, delete);
                    batch.clear();
                }
            }
        }
        write(batch, delete);
    }

    private void write(List<byte[]> keys, boolean delete) throws IOException {
        try (WriteOptions unsynced = new WriteOptions();
                WriteBatch batch = new WriteBatch()) {
            for (byte[] key : keys) {
                if (delete) {
                    batch.delete(key);
                } else {
                    batch.put(key, new byte[VALUE_BYTES]);
                }
            }
            db.write(unsynced, batch);
        } catch (RocksDBException e) {
            throw new IOException("rocksdb: " + e.getMessage(), e);
        }
    }
}
