package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkPlaces.Name;
import dev.quern.storage.ChunkPlaces.Place;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The reading end of a store. A chunk that compaction moves while it is looked for is looked up
/// again. Thread-safe.
final class ChunkReader {
    private static final Logger LOG = LoggerFactory.getLogger(ChunkReader.class);

    private final PackDirectory packs;
    private final ChunkPlaces places;
    private final BodyCodec codec;

    ChunkReader(PackDirectory packs, ChunkPlaces places, BodyCodec codec) {
        this.packs = packs;
        this.places = places;
        this.codec = codec;
    }

    /// What is done with a chunk in the pack where it lies.
    private interface Access<T> {
        /// @return null if the pack is retired
        @Nullable T at(Pack pack, long offset);
    }

    /// Opens a chunk, as [ChunkStore#open] says.
    @MustBeClosed
    @SuppressWarnings("MustBeClosed") // the lease is the caller's
    ChunkLease open(Name name) {
        return access(name, (pack, at) -> pack.open(name.space(), name.id(), at, codec));
    }

    /// Copies a chunk, its bytes verified.
    ///
    /// @param target given the chunk's length, returns memory that is as long
    /// @return that memory
    MemorySegment read(Name name, IntFunction<MemorySegment> target) {
        return access(name, (pack, at) -> pack.read(name.space(), name.id(), at, codec, target));
    }

    private <T> T access(Name name, Access<T> access) {
        Place before = null;
        while (true) {
            Place place =
                    places.find(name)
                            .orElseThrow(() ->
                                    QuernException.notFound(
                                            "chunk "
                                                    + name.id()
                                                    + " is not in space "
                                                    + name.space()));
            T found = access(name, place, access);
            if (found != null) {
                return found;
            }
            if (place.equals(before)) {
                throw packs.missing(place.location().packId());
            }
            before = place;
        }
    }

    private <T> @Nullable T access(Name name, Place place, Access<T> access) {
        Pack pack = packs.find(place.location().packId());
        if (pack == null) {
            return null;
        }
        try {
            return access.at(pack, place.location().offset());
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.CORRUPT) {
                LOG.error("{} cannot be read: {}", name, e.getMessage());
                places.quarantine(name, place, e);
            }
            throw e;
        }
    }

    /// Where these chunks lie one after the other as they are, as [ChunkStore#locate] says.
    Optional<ExtentLease> locate(SpaceId space, List<ChunkId> chunks) {
        Place first = null;
        long length = 0;
        for (ChunkId id : chunks) {
            Place place = places.find(new Name(space, id)).orElse(null);
            if (place == null) {
                return Optional.empty();
            }
            first = first == null ? place : first;
            if (place.location().packId() != first.location().packId()
                    || place.location().offset() != first.location().offset() + length) {
                return Optional.empty();
            }
            length += place.storedBytes();
        }
        return first == null ? Optional.empty() : lease(first, length);
    }

    @SuppressWarnings("MustBeClosed") // the caller's
    private Optional<ExtentLease> lease(Place first, long length) {
        Pack pack = packs.find(first.location().packId());
        return pack == null || pack.kind() != Pack.Kind.RUN
                ? Optional.empty()
                : Optional.ofNullable(pack.lease(first.location().offset(), length));
    }
}
