package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkPlaces.Name;
import dev.quern.storage.ChunkStore.PutChunk;
import dev.quern.storage.RunWriter.Write;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The chunks of one file on their way into packs. The first MiB of what is new is held until it is
/// known where all of it goes: into a run of its own, or, if the file is small, compresses well, or
/// is to be encrypted, into packs with others.
///
/// In a run each chunk is written by another thread while this one hashes it: should the hash say
/// that the chunk is there already, the next one is written over it. After such a chunk, the next
/// is hashed first. Not thread-safe.
final class PackRun implements ChunkRun {
    private static final long MIN_RUN_BYTES = 1 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(PackRun.class);

    private final SpaceId space;
    private final ChunkWriter chunks;
    private final PackDirectory packs;
    private final RunThreads threads;
    private final Runnable afterAppend;

    /// New chunks that were put before it is decided where they go.
    private final Map<Name, ByteBuffer> held = new LinkedHashMap<>();

    /// The chunks in the run that is being written.
    private final Set<ChunkId> own = new HashSet<>();

    private long heldBytes;
    private State state = State.HOLDING;
    private @Nullable RunWriter run;
    private boolean lastWasNew = true;

    private enum State {
        HOLDING,
        LAYING,
        SCATTERING,
        ENDED
    }

    /// @param afterAppend what the store does from time to time when chunks have been appended
    PackRun(
            SpaceId space,
            ChunkWriter chunks,
            PackDirectory packs,
            RunThreads threads,
            Runnable afterAppend) {
        this.space = space;
        this.chunks = chunks;
        this.packs = packs;
        this.threads = threads;
        this.afterAppend = afterAppend;
    }

    @Override
    public PutChunk put(MemorySegment bytes) {
        ByteBuffer given = chunks.checked(bytes);
        ByteBuffer raw = threads.mayRead(bytes) ? given : copy(given);
        boolean done = false;
        try {
            PutChunk put =
                    switch (state) {
                        case HOLDING -> hold(raw);
                        case LAYING -> lay(raw);
                        case SCATTERING -> scatter(name(raw), raw);
                        case ENDED -> throw QuernException.internal("run has ended", null);
                    };
            done = true;
            return put;
        } catch (IOException e) {
            throw StorageErrors.of("cannot write a run in " + packs.path(), e);
        } finally {
            state = done ? state : State.ENDED;
        }
    }

    private PutChunk hold(ByteBuffer raw) throws IOException {
        Name name = name(raw);
        boolean isNew = !isThere(name);
        if (isNew) {
            heldBytes += raw.remaining();
            boolean isEnough = heldBytes >= MIN_RUN_BYTES;
            held.put(name, isEnough ? raw : copy(raw));
            if (isEnough) {
                decide();
            }
        }
        return new PutChunk(name.id(), isNew);
    }

    private void decide() throws IOException {
        if (chunks.suitRun(space, held.values())) {
            state = State.LAYING;
            for (Map.Entry<Name, ByteBuffer> chunk : held.entrySet()) {
                RunWriter writer = writer(chunk.getValue().remaining());
                ByteBuffer raw = chunk.getValue();
                keep(writer, writer.begin(raw), chunk.getKey(), Checksums.crc32c(raw));
            }
            held.clear();
        } else {
            scatterHeld();
        }
    }

    private void scatterHeld() {
        state = State.SCATTERING;
        held.forEach(this::scatter);
        held.clear();
    }

    private PutChunk scatter(Name name, ByteBuffer raw) {
        PutChunk put = chunks.put(name, raw);
        afterAppend.run();
        return put;
    }

    private PutChunk lay(ByteBuffer raw) throws IOException {
        RunWriter writer = writer(raw.remaining());
        return lastWasNew ? layAndHash(writer, raw) : hashAndLay(writer, raw);
    }

    private PutChunk layAndHash(RunWriter writer, ByteBuffer raw) throws IOException {
        Write write = writer.begin(raw);
        boolean awaited = false;
        try {
            Name name = name(raw);
            lastWasNew = !isThere(name);
            if (lastWasNew) {
                int crc = Checksums.crc32c(raw);
                awaited = true;
                keep(writer, write, name, crc);
            }
            return new PutChunk(name.id(), lastWasNew);
        } finally {
            if (!awaited) {
                writer.drop(write); // the caller's bytes are read until then
            }
        }
    }

    private PutChunk hashAndLay(RunWriter writer, ByteBuffer raw) throws IOException {
        Name name = name(raw);
        lastWasNew = !isThere(name);
        if (lastWasNew) {
            keep(writer, writer.begin(raw), name, Checksums.crc32c(raw));
        }
        return new PutChunk(name.id(), lastWasNew);
    }

    private void keep(RunWriter writer, Write write, Name name, int crc) throws IOException {
        writer.keep(write, name.id(), crc);
        own.add(name.id());
    }

    private RunWriter writer(int bytes) throws IOException {
        packs.requireRoom(bytes);
        if (run != null && run.isFull()) {
            complete();
        }
        RunWriter writer = run == null ? packs.beginRun(threads, space) : run;
        run = writer;
        return writer;
    }

    private boolean isThere(Name name) {
        return own.contains(name.id()) || held.containsKey(name) || chunks.isStored(name);
    }

    private Name name(ByteBuffer raw) {
        return new Name(space, Checksums.sha256(raw));
    }

    private static ByteBuffer copy(ByteBuffer raw) {
        byte[] bytes = new byte[raw.remaining()];
        raw.get(raw.position(), bytes);
        return ByteBuffer.wrap(bytes);
    }

    @Override
    public void finish() {
        try {
            switch (state) {
                case HOLDING -> scatterHeld();
                case LAYING -> complete();
                case SCATTERING -> {}
                case ENDED -> throw QuernException.internal("run has ended", null);
            }
        } catch (IOException e) {
            throw StorageErrors.of("cannot end a run in " + packs.path(), e);
        } finally {
            state = State.ENDED;
        }
        afterAppend.run();
    }

    private void complete() throws IOException {
        RunWriter writer = run;
        if (writer != null) {
            writer.complete();
            chunks.adopt(writer);
            run = null;
            own.clear();
        }
    }

    @Override
    public void close() {
        state = State.ENDED;
        held.clear();
        RunWriter writer = run;
        run = null;
        if (writer != null) {
            try {
                writer.abandon();
            } catch (IOException e) {
                LOG.warn("run {}: cannot remove: {}", writer.pack().file(), e.toString());
            }
        }
    }
}
