package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.storage.Disk.DiskFile;
import dev.quern.storage.TierStoreFormat.Alive;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which data directories use the store in a tier ([TierStoreFormat]). Thread-safe.
final class TierMembers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TierMembers.class);

    private final Tier tier;
    private final String own;
    private final InstantSource clock;
    private final TierLease alive;

    private TierMembers(Tier tier, String own, InstantSource clock, TierLease alive) {
        this.tier = tier;
        this.own = own;
        this.clock = clock;
        this.alive = alive;
    }

    /// Makes a directory a member, or makes sure that it is one still, and says that its server
    /// runs until this is closed. To be called before packs are looked for.
    ///
    /// @throws QuernException as [#register]
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    static TierMembers join(
            Tier tier, Disk disk, Path directory, RandomGenerator random, InstantSource clock)
            throws IOException {
        String own = name(disk, directory, random);
        TierLease alive =
                TierLease.begin(
                        tier,
                        clock,
                        until -> new Alive(own, until).blob(),
                        TierStoreFormat.alive());
        boolean joined = false;
        try {
            put(tier, own);
            joined = true;
            return new TierMembers(tier, own, clock, alive);
        } finally {
            if (!joined) {
                alive.close();
            }
        }
    }

    /// Makes a directory a member whose server does not run yet.
    ///
    /// @param directory whose file `member` keeps the name of the member
    /// @throws QuernException `CORRUPT` naming the file if it has none
    static void register(Tier tier, Disk disk, Path directory, RandomGenerator random)
            throws IOException {
        put(tier, name(disk, directory, random));
    }

    private static void put(Tier tier, String own) {
        tier.putIfAbsent(own, MemorySegment.ofArray(TierStoreFormat.member()));
    }

    private static String name(Disk disk, Path directory, RandomGenerator random)
            throws IOException {
        Path file = directory.resolve("member");
        if (!Files.exists(file)) {
            write(disk, directory, TierStoreFormat.newMember(random) + "\n");
        }
        String own = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        if (!TierStoreFormat.isMember(own)) {
            throw QuernException.corrupt("file " + file + " has no name of a member");
        }
        return own;
    }

    /// Durably, so that a crash does not make the directory another member.
    private static void write(Disk disk, Path directory, String name) throws IOException {
        Path part = directory.resolve("member.part");
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        disk.delete(part);
        try (DiskFile out = disk.create(part, bytes.length)) {
            out.write(ByteBuffer.wrap(bytes), 0);
            out.force();
        }
        Files.move(part, directory.resolve("member"), StandardCopyOption.ATOMIC_MOVE);
        disk.syncDirectory(directory);
    }

    /// Until when the members' servers are known to run, if at all, by the names of their blobs. One
    /// that has no blob any more and runs still is among them: its facts go on naming chunks.
    private Map<String, Optional<Instant>> all() {
        Set<String> named = new HashSet<>();
        Map<String, Optional<Instant>> all = new TreeMap<>();
        String after = "";
        List<Tier.Blob> page;
        do {
            page = tier.list(TierStoreFormat.MEMBERS, after, Tier.MAX_PAGE);
            for (Tier.Blob blob : page) {
                if (TierStoreFormat.isMember(blob.name())) {
                    named.add(blob.name());
                    all.putIfAbsent(blob.name(), Optional.empty());
                }
                TierStoreFormat.alive(blob.name())
                        .ifPresent(one ->
                                all.merge(
                                        one.member(),
                                        Optional.of(one.until()),
                                        TierMembers::later));
            }
            after = page.isEmpty() ? after : page.getLast().name();
        } while (page.size() == Tier.MAX_PAGE);
        all.entrySet().removeIf(one -> !named.contains(one.getKey()) && !runs(one.getValue()));
        return all;
    }

    private static Optional<Instant> later(Optional<Instant> a, Optional<Instant> b) {
        return a.isPresent() && (b.isEmpty() || a.get().isAfter(b.get())) ? a : b;
    }

    private boolean runs(Optional<Instant> until) {
        return until.filter(clock.instant()::isBefore).isPresent();
    }

    /// The members, this one first.
    List<TierMember> list() {
        List<TierMember> members = new ArrayList<>();
        all().forEach((name, until) -> members.add(member(name, until)));
        members.sort(TierMember.OWN_FIRST);
        return members;
    }

    private TierMember member(String name, Optional<Instant> until) {
        return new TierMember(
                name.substring(TierStoreFormat.MEMBERS.length()),
                name.equals(own),
                runs(until),
                until.map(end -> end.minus(TierLease.LENGTH)));
    }

    /// Forgets a member that is lost for good: what only its facts need is garbage from then on.
    ///
    /// @throws QuernException `NOT_FOUND` if there is no such member; `CONFLICT` if it is this one
    ///   or its server runs
    void forget(String id) {
        String name = TierStoreFormat.member(id);
        requireLost(id);
        tier.delete(name);
        try {
            requireNotRunning(id, all().getOrDefault(name, Optional.empty()));
        } catch (QuernException e) {
            put(tier, name); // it was started meanwhile
            throw e;
        }
        for (Tier.Blob blob : tier.list(name + "-", "", Tier.MAX_PAGE)) {
            tier.delete(blob.name());
        }
        LOG.warn("member {} of {} is forgotten", id, tier);
    }

    private void requireLost(String id) {
        Optional<Instant> until = all().get(TierStoreFormat.member(id));
        if (until == null) {
            throw QuernException.notFound(tier + " has no member " + id);
        }
        if (TierStoreFormat.member(id).equals(own)) {
            throw QuernException.conflict(
                    "cannot forget member " + id + " of " + tier + ": it is this server");
        }
        requireNotRunning(id, until);
    }

    private void requireNotRunning(String id, Optional<Instant> until) {
        if (runs(until)) {
            throw QuernException.conflict(
                    "cannot forget member "
                            + id
                            + " of "
                            + tier
                            + ": its server runs, or was killed; if it was, that passes at "
                            + until.get());
        }
    }

    /// Checks that no facts but those of this directory name chunks of the store.
    ///
    /// @param what for the message: what may not be done otherwise
    /// @throws QuernException `CONFLICT` naming another member, or because this is none any more
    void requireAlone(String what) {
        Map<String, Optional<Instant>> all = all();
        if (tier.size(own).isEmpty()) {
            throw QuernException.conflict(
                    "cannot "
                            + what
                            + " in "
                            + tier
                            + ": this server's blob "
                            + own
                            + " is not there any more; start it again");
        }
        all.remove(own);
        if (!all.isEmpty()) {
            throw QuernException.conflict(
                    "cannot "
                            + what
                            + " in "
                            + tier
                            + ": another data directory uses it, whose facts are not known here; if"
                            + " that is gone for good, forget the member "
                            + all.keySet()
                                    .iterator()
                                    .next()
                                    .substring(TierStoreFormat.MEMBERS.length()));
        }
    }

    /// Says that the server does not run any more.
    @Override
    public void close() {
        alive.close();
    }
}
