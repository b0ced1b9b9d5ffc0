package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.PackAppender.Appended;
import dev.quern.storage.PackIndex.Location;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Where the chunks of a store are: the *pending* ones, from their append until a sync has forced
/// their pack and indexed them, and those in the index. Thread-safe.
final class ChunkPlaces {
    private final PackIndex index;
    private final ConcurrentMap<Name, Appended> pending = new ConcurrentHashMap<>();

    /// Pending chunks that were found corrupt: the next put of the same bytes stores them again. Of
    /// those that are indexed the index knows it.
    private final Set<Name> quarantined = ConcurrentHashMap.newKeySet();

    private final LongAdder damaged = new LongAdder();

    ChunkPlaces(PackIndex index) {
        this.index = index;
    }

    /// What a chunk is called.
    record Name(SpaceId space, ChunkId id) {
        @Override
        public String toString() {
            return "chunk " + id + " of space " + space;
        }
    }

    /// Where a chunk is.
    ///
    /// @param storedBytes length of its body
    record Place(Location location, int storedBytes) {}

    /// How often a chunk was found corrupt.
    long damaged() {
        return damaged.sum();
    }

    /// Chunks that are corrupt, as far as is known.
    long quarantined() {
        return index.quarantined() + quarantined.size();
    }

    /// Pending chunks.
    int pending() {
        return pending.size();
    }

    /// A chunk that is pending, or null.
    @Nullable Appended pending(Name name) {
        return pending.get(name);
    }

    /// Chunks, one that is stored again while it is pending counted twice.
    long chunks() {
        return index.chunks() + pending.size();
    }

    Optional<Place> find(Name name) {
        Appended recent = pending.get(name);
        return recent != null
                ? Optional.of(place(recent))
                : index.find(name.space, name.id)
                        .map(entry -> new Place(entry.location(), entry.storedBytes()));
    }

    private static Place place(Appended chunk) {
        PackRecord record = chunk.record();
        return new Place(new Location(chunk.pack().id(), record.offset()), record.storedBytes());
    }

    /// Whether a put of this chunk has nothing to store; gc spares it from here on.
    boolean isStored(Name name) {
        return pending.containsKey(name)
                ? !quarantined.contains(name)
                : index.rescue(name.space, name.id).filter(e -> !e.quarantined()).isPresent();
    }

    /// Whether the chunk is there; gc spares it from here on.
    boolean contains(Name name) {
        return pending.containsKey(name) || index.rescue(name.space, name.id).isPresent();
    }

    /// Whether the chunk is on the disk; gc spares it from here on.
    ///
    /// @param durableSequence the last append that is
    boolean isDurable(Name name, long durableSequence) {
        Appended chunk = pending.get(name);
        return chunk == null
                ? index.rescue(name.space, name.id).isPresent()
                : chunk.sequence() <= durableSequence;
    }

    /// Takes in a chunk that was appended.
    void show(Appended chunk) {
        Name name = name(chunk);
        pending.put(name, chunk);
        quarantined.remove(name);
    }

    /// Lets go of chunks that the index has now.
    void indexed(List<Appended> chunks) {
        for (Appended chunk : chunks) {
            Name name = name(chunk);
            if (pending.remove(name, chunk) && quarantined.remove(name)) {
                index.quarantine(name.space, name.id, place(chunk).location(), true);
            }
        }
    }

    /// Notes that a chunk is corrupt, if it is still at this place.
    ///
    /// @param error gets the reason added when that cannot be noted
    void quarantine(Name name, Place at, QuernException error) {
        damaged.increment();
        Appended recent = pending.get(name);
        if (recent != null && place(recent).equals(at)) {
            quarantined.add(name);
            return;
        }
        try {
            index.quarantine(name.space, name.id, at.location(), true);
        } catch (QuernException e) {
            error.addSuppressed(e); // the next read finds out again
        }
    }

    /// Notes that a chunk has the bytes of another one.
    ///
    /// @return what is wrong
    QuernException quarantine(Name name, ChunkId actual) {
        Place at =
                find(name)
                        .orElseThrow(() ->
                                QuernException.notFound(
                                        name + " is gone, its bytes were of " + actual));
        QuernException error =
                QuernException.corrupt(
                        "pack "
                                + at.location.packId()
                                + " at offset "
                                + at.location.offset()
                                + ": bytes of "
                                + name
                                + " have the hash "
                                + actual);
        quarantine(name, at, error);
        return error;
    }

    private static Name name(Appended chunk) {
        return new Name(chunk.record().space(), chunk.record().id());
    }
}
