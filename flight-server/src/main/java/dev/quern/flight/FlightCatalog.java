package dev.quern.flight;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.vector.CollectionInfo;
import dev.quern.volume.CommitId;
import dev.quern.volume.CommitInfo;
import dev.quern.volume.FileInfo;
import dev.quern.volume.FilePage;
import dev.quern.volume.VolumeInfo;
import dev.quern.volume.VolumePath;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.vector.types.pojo.Schema;

/// What there is to fetch: turns descriptors into [FlightInfo] with signed tickets. Thread-safe.
final class FlightCatalog {
    /// The most endpoints of a file; a file of more ranges than that has longer ones.
    private static final int MAX_ENDPOINTS = 4_096;

    private static final int PAGE_FILES = 1_000;

    private final FlightServices services;
    private final TicketFormat tickets;
    private final Duration ticketLifetime;
    private final long endpointBytes;
    private final Supplier<List<Location>> locations;

    /// @param locations where the tickets can be presented; none means the server that gave them
    FlightCatalog(
            FlightServices services,
            TicketFormat tickets,
            FlightConfig config,
            Supplier<List<Location>> locations) {
        this.services = services;
        this.tickets = tickets;
        this.ticketLifetime = config.ticketLifetime();
        this.endpointBytes = config.endpointBytes().bytes();
        this.locations = locations;
    }

    /// The info of a descriptor; a file's head is pinned to its commit.
    ///
    /// @throws QuernException `INVALID`, `NOT_FOUND`
    FlightInfo info(SpaceId space, FlightDescriptor descriptor) {
        return switch (Target.of(descriptor)) {
            case Target.File file -> {
                CommitInfo commit = services.volumes().resolve(space, file.volume(), file.at());
                FileInfo info =
                        services.volumes().stat(space, file.volume(), commit.id(), file.path());
                yield file(space, descriptor, file.volume(), commit.id(), info);
            }
            case Target.Rows rows ->
                    rows(
                            space,
                            descriptor,
                            services.collections().get(space, rows.collection()),
                            rows.columns());
        };
    }

    /// Every collection, then every file at the head of its volume, whose name `collection/NAME` or
    /// `volume/NAME/PATH` starts with a prefix.
    void list(SpaceId space, String prefix, Consumer<FlightInfo> consumer) {
        if (mayShare(prefix, Target.COLLECTION + "/")) {
            listCollections(space, prefix, consumer);
        }
        if (mayShare(prefix, Target.VOLUME + "/")) {
            listVolumes(space, prefix, consumer);
        }
    }

    /// Whether there are names that start with both.
    private static boolean mayShare(String prefix, String other) {
        return prefix.startsWith(other) || other.startsWith(prefix);
    }

    private void listCollections(SpaceId space, String prefix, Consumer<FlightInfo> consumer) {
        for (CollectionInfo collection : services.collections().list(space)) {
            if ((Target.COLLECTION + "/" + collection.name()).startsWith(prefix)) {
                FlightDescriptor descriptor =
                        FlightDescriptor.path(Target.COLLECTION, collection.name());
                consumer.accept(rows(space, descriptor, collection, false));
            }
        }
    }

    private void listVolumes(SpaceId space, String prefix, Consumer<FlightInfo> consumer) {
        for (VolumeInfo volume : services.volumes().list(space)) {
            String root = Target.VOLUME + "/" + volume.name() + "/";
            if (mayShare(prefix, root)) {
                String below =
                        prefix.length() > root.length() ? prefix.substring(root.length()) : "";
                listFiles(space, volume, below, consumer);
            }
        }
    }

    private void listFiles(
            SpaceId space, VolumeInfo volume, String prefix, Consumer<FlightInfo> consumer) {
        Optional<VolumePath> directory = directoryOf(prefix);
        if (directory.isEmpty()) {
            return;
        }
        Optional<VolumePath> after = Optional.empty();
        do {
            FilePage page;
            try {
                page =
                        services.volumes()
                                .listFiles(
                                        space,
                                        volume.name(),
                                        volume.head(),
                                        directory.get(),
                                        true,
                                        after,
                                        PAGE_FILES);
            } catch (QuernException e) {
                // The directory is not there (or is a file), or the volume was just deleted.
                if (e.kind() == ErrorKind.NOT_FOUND || e.kind() == ErrorKind.INVALID) {
                    return;
                }
                throw e;
            }
            for (FileInfo file : page.files()) {
                if (!file.directory() && file.path().value().startsWith(prefix)) {
                    FlightDescriptor descriptor =
                            FlightDescriptor.path(
                                    Target.VOLUME, volume.name(), file.path().value());
                    consumer.accept(file(space, descriptor, volume.name(), volume.head(), file));
                }
            }
            after = page.next();
        } while (after.isPresent());
    }

    /// The directory that every path with this prefix lies in; empty if there can be no such path.
    private static Optional<VolumePath> directoryOf(String prefix) {
        int slash = prefix.lastIndexOf('/');
        try {
            return Optional.of(VolumePath.parse(slash < 0 ? "" : prefix.substring(0, slash)));
        } catch (QuernException e) {
            return Optional.empty();
        }
    }

    private FlightInfo file(
            SpaceId space,
            FlightDescriptor descriptor,
            String volume,
            CommitId commit,
            FileInfo file) {
        if (file.directory()) {
            throw QuernException.invalid(
                    "path \""
                            + file.path()
                            + "\" in volume \""
                            + volume
                            + "\" is a directory; list it by the criteria volume/"
                            + volume
                            + "/"
                            + file.path()
                            + "/");
        }
        Instant expiresAt = expiry();
        List<FlightEndpoint> endpoints = new ArrayList<>();
        for (Claim.Range range : ranges(file.sizeBytes())) {
            endpoints.add(
                    endpoint(
                            new Claim.FileRange(
                                    space,
                                    expiresAt,
                                    volume,
                                    commit.hex(),
                                    file.path().value(),
                                    range)));
        }
        Map<String, Object> metadata = Map.of("commit", commit.hex(), "hash", file.hash());
        return builder(FlightSchemas.FILE, descriptor, endpoints)
                .setBytes(file.sizeBytes())
                .setOrdered(true)
                .setAppMetadata(FlightJson.write(metadata))
                .build();
    }

    private FlightInfo rows(
            SpaceId space,
            FlightDescriptor descriptor,
            CollectionInfo collection,
            boolean columns) {
        Claim claim =
                new Claim.Rows(space, expiry(), collection.name(), collection.id(), columns);
        return builder(
                        FlightSchemas.rows(collection.schema(), columns),
                        descriptor,
                        List.of(endpoint(claim)))
                .setRecords(collection.rows())
                .build();
    }

    private static FlightInfo.Builder builder(
            Schema schema, FlightDescriptor descriptor, List<FlightEndpoint> endpoints) {
        return FlightInfo.builder(schema, descriptor, endpoints);
    }

    private FlightEndpoint endpoint(Claim claim) {
        return FlightEndpoint.builder(
                        new Ticket(tickets.seal(claim)), locations.get().toArray(Location[]::new))
                .setExpirationTime(claim.expiresAt())
                .build();
    }

    private Instant expiry() {
        return services.clock().instant().plus(ticketLifetime).truncatedTo(ChronoUnit.MILLIS);
    }

    /// Cuts a file into the ranges of its endpoints; an empty file has one, empty.
    private List<Claim.Range> ranges(long sizeBytes) {
        long step = Math.max(endpointBytes, Math.ceilDiv(sizeBytes, MAX_ENDPOINTS));
        List<Claim.Range> ranges = new ArrayList<>();
        long offset = 0;
        do {
            long length = Math.min(step, sizeBytes - offset);
            ranges.add(new Claim.Range(offset, length));
            offset += length;
        } while (offset < sizeBytes);
        return ranges;
    }
}
