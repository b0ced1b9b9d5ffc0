package dev.quern.storage;

import dev.quern.common.SpaceId;
import dev.quern.storage.Expected.Name;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What clients of a simulated engine hold for a while: chunks that they read, and what keeps
/// chunks from being collected. Not thread-safe.
final class SimHolds implements AutoCloseable {
    private final Expected expected;
    private final List<ChunkPins> pins = new ArrayList<>();
    private final List<Reading> readings = new ArrayList<>();

    private record Reading(Name name, ChunkLease lease) {}

    SimHolds(Expected expected) {
        this.expected = expected;
    }

    /// Begins to write in a space.
    @SuppressWarnings("MustBeClosedChecker") // closed by close
    void writes(ChunkStore store, SpaceId space, long now) {
        if (expected.writes(space, now)) {
            pins.add(store.pinWrites(space));
        }
    }

    /// Pins a chunk.
    @SuppressWarnings("MustBeClosedChecker") // closed by close
    void pin(ChunkStore store, Name name) {
        pins.add(store.pin(name.space(), List.of(name.id())));
        expected.pinned(name);
    }

    /// Reads a chunk, if it is promised, until this is closed.
    @SuppressWarnings("MustBeClosedChecker") // closed by close
    void lease(ChunkStore store, Name name) {
        if (expected.isPromised(name)) {
            readings.add(new Reading(name, store.open(name.space(), name.id())));
        }
    }

    /// Checks what is still read, and lets go of everything.
    @Override
    public void close() {
        expected.letGo();
        pins.forEach(ChunkPins::close);
        pins.clear();
        List<Reading> ended = List.copyOf(readings);
        readings.clear();
        for (Reading reading : ended) {
            byte[] read = reading.lease.bytes().toArray(ValueLayout.JAVA_BYTE);
            reading.lease.close();
            Expected.check(
                    Arrays.equals(read, expected.bytes(reading.name)),
                    "lease on chunk " + reading.name.id() + " reads other bytes");
        }
    }
}
