package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.Disk.DiskFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.random.RandomGenerator;

/// Which data directories use the store in a tier ([TierStoreFormat]). Thread-safe.
final class TierMembers {
    private final Tier tier;
    private final String own;

    private TierMembers(Tier tier, String own) {
        this.tier = tier;
        this.own = own;
    }

    /// Makes a directory a member, or makes sure that it is one still. To be called before packs
    /// are looked for.
    ///
    /// @param directory whose file `member` keeps the name of the member
    /// @throws QuernException `CORRUPT` naming the file if it has none
    static TierMembers join(Tier tier, Disk disk, Path directory, RandomGenerator random)
            throws IOException {
        Path file = directory.resolve("member");
        if (!Files.exists(file)) {
            write(disk, directory, TierStoreFormat.newMember(random) + "\n");
        }
        String own = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        if (!TierStoreFormat.isMember(own)) {
            throw QuernException.corrupt("file " + file + " has no name of a member");
        }
        tier.putIfAbsent(own, MemorySegment.ofArray(TierStoreFormat.member()));
        return new TierMembers(tier, own);
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

    /// Checks that no facts but those of this directory name chunks of the store.
    ///
    /// @param what for the message: what may not be done otherwise
    /// @throws QuernException `CONFLICT` naming another member, or because this is none any more
    void requireAlone(String what) {
        List<String> members =
                tier.list(TierStoreFormat.MEMBERS, "", Tier.MAX_PAGE).stream()
                        .map(Tier.Blob::name)
                        .filter(TierStoreFormat::isMember)
                        .toList();
        if (!members.contains(own)) {
            throw QuernException.conflict(
                    "cannot "
                            + what
                            + " in "
                            + tier
                            + ": this server's blob "
                            + own
                            + " is not there any more; start it again");
        }
        if (members.size() > 1) {
            String other = members.stream().filter(name -> !name.equals(own)).findFirst().get();
            throw QuernException.conflict(
                    "cannot "
                            + what
                            + " in "
                            + tier
                            + ": another data directory uses it, whose facts are not known here; if"
                            + " that is gone for good, delete the blob "
                            + other);
        }
    }
}
