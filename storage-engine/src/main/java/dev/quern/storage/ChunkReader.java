package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkPlaces.Name;
import dev.quern.storage.ChunkPlaces.Place;
import java.util.List;
import java.util.Optional;
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

    /// Opens a chunk, as [ChunkStore#open] says.
    @MustBeClosed
    @SuppressWarnings("MustBeClosed") // the lease, if there is one, is the caller's
    ChunkLease open(Name name) {
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
            ChunkLease lease = open(name, place);
            if (lease != null) {
                return lease;
            }
            if (place.equals(before)) {
                throw packs.missing(place.location().packId());
            }
            before = place;
        }
    }

    @MustBeClosed
    private @Nullable ChunkLease open(Name name, Place place) {
        Pack pack = packs.find(place.location().packId());
        if (pack == null) {
            return null;
        }
        try {
            return pack.open(name.space(), name.id(), place.location().offset(), codec);
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
