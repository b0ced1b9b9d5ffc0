package dev.quern.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The writing end of a store: one append at a time to the active pack, a new pack when it is full.
/// What has been appended is handed to the next sync. Thread-safe; its monitor is held while bytes
/// go to the page cache, never during a force.
final class PackAppender {
    private static final Logger LOG = LoggerFactory.getLogger(PackAppender.class);

    private final PackDirectory directory;

    @GuardedBy("this")
    private @Nullable PackWriter active;

    @GuardedBy("this")
    private List<PackOutput> finished = new ArrayList<>();

    @GuardedBy("this")
    private List<Appended> unsynced = new ArrayList<>();

    /// Chunks appended so far: the sequence number of the last one.
    private volatile long sequence;

    PackAppender(PackDirectory directory) {
        this.directory = directory;
    }

    /// A chunk in a pack, not durable before the sync that takes it.
    ///
    /// @param sequence counts appends from 1
    record Appended(Pack pack, PackRecord record, long sequence) {}

    /// What one sync has to make durable.
    ///
    /// @param through sequence of the last append in it
    /// @param active the pack that goes on being written, or null
    /// @param finished packs that nothing more is appended to; the sync closes them
    record Batch(
            long through,
            List<Appended> chunks,
            @Nullable PackWriter active,
            List<PackOutput> finished) {
        /// Makes all of it durable; the finished packs are closed in any case.
        void force() throws IOException {
            try {
                for (PackOutput output : finished) {
                    output.forceFinished();
                }
                if (active != null) {
                    active.force();
                }
            } finally {
                closeFinished();
            }
        }

        /// Closes the finished packs.
        void closeFinished() {
            for (PackOutput writer : finished) {
                try {
                    writer.close();
                } catch (IOException e) {
                    LOG.warn("pack {}: cannot close: {}", writer.pack().file(), e.toString());
                }
            }
        }
    }

    /// Hears of a chunk before any other append begins.
    interface Listener {
        void appended(Appended chunk);
    }

    /// Appends a chunk, unless `present` says that another thread has meanwhile.
    ///
    /// @return whether it was appended
    /// @throws QuernException `EXHAUSTED` when the disk is full; nothing of the chunk shows then
    boolean append(SpaceId space, ChunkBody body, BooleanSupplier present, Listener listener) {
        synchronized (this) {
            if (present.getAsBoolean()) {
                return false;
            }
            try {
                directory.requireRoom(body.bytes().remaining());
                PackWriter writer = writerFor(body.bytes().remaining());
                PackRecord record = write(writer, space, body);
                Appended chunk = new Appended(writer.pack(), record, sequence + 1);
                directory.grew(record);
                unsynced.add(chunk);
                listener.appended(chunk);
                sequence = chunk.sequence();
                return true;
            } catch (IOException e) {
                throw StorageErrors.of("cannot write a chunk in " + directory.path(), e);
            }
        }
    }

    /// Takes in the chunks of a run that is complete.
    ///
    /// @param requireWritable throws if the store takes nothing any more
    void adopt(RunWriter run, Runnable requireWritable, Listener listener) {
        synchronized (this) {
            requireWritable.run();
            directory.adopt(run);
            for (PackRecord record : run.records()) {
                Appended chunk = new Appended(run.pack(), record, sequence + 1);
                unsynced.add(chunk);
                listener.appended(chunk);
                sequence = chunk.sequence();
            }
            finished.add(run);
        }
    }

    /// A chunk as it is to be stored.
    ///
    /// @param bytes its body in this form
    record ChunkBody(ChunkId id, ByteBuffer bytes, BodyForm form) {}

    @GuardedBy("this")
    private PackWriter writerFor(int bodyBytes) throws IOException {
        PackWriter writer = active;
        if (writer != null && !writer.fits(bodyBytes)) {
            finish();
            writer = null;
        }
        if (writer == null) {
            writer = directory.begin(bodyBytes);
            active = writer;
        }
        return writer;
    }

    @GuardedBy("this")
    private PackRecord write(PackWriter writer, SpaceId space, ChunkBody body) throws IOException {
        try {
            return writer.append(space, body.id(), body.bytes(), body.form());
        } catch (IOException e) {
            clean(writer);
            throw e;
        }
    }

    /// Clears a failed append away, or else leaves the pack as it is and goes on in another: what
    /// is left there has no valid checksum.
    @GuardedBy("this")
    private void clean(PackWriter writer) {
        try {
            writer.reset();
        } catch (IOException e) {
            LOG.warn("pack {}: cannot cut a failed write: {}", writer.pack().file(), e.toString());
            active = null;
            finished.add(writer);
        }
    }

    /// Ends the active pack, if there is one; the sync that takes it seals it.
    @GuardedBy("this")
    private void finish() {
        PackWriter writer = active;
        if (writer != null) {
            active = null;
            finished.add(writer);
        }
    }

    /// The sequence of the last append.
    long sequence() {
        return sequence;
    }

    /// Packs that wait to be forced and closed.
    synchronized int finishedPacks() {
        return finished.size();
    }

    /// Takes over everything appended so far.
    synchronized Batch take() {
        Batch batch = new Batch(sequence, unsynced, active, finished);
        unsynced = new ArrayList<>();
        finished = new ArrayList<>();
        return batch;
    }

    /// Ends the active pack; the next [#take] hands it over.
    synchronized void finishActive() {
        finish();
    }
}
