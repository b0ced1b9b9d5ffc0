package dev.quern.storage;

import dev.quern.common.QuernException;
import dev.quern.storage.BackupFormat.FileEntry;
import dev.quern.storage.BackupFormat.Manifest;
import dev.quern.storage.PackFormat.Header;
import dev.quern.storage.TierStoreFormat.Retirement;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.random.RandomGenerator;

/// A tier to which the packs of a backup are restored. It may have some of them: of the engine that
/// was backed up, or of a restore that was broken off. [#put] may be called by several threads.
final class RestoredTier {
    private final Disk disk = new LocalDisk();
    private final Tier tier;
    private final RandomGenerator random;
    private Path scratch = Path.of("");

    RestoredTier(Tier tier, RandomGenerator random) {
        this.tier = tier;
        this.random = random;
    }

    /// Checks what can be told from the manifest.
    void requireFit(Manifest manifest) {
        for (FileEntry file : manifest.files()) {
            boolean fits =
                    file.path().equals(BackupFormat.FACTS)
                            || TierStoreFormat.packId(file.path()).isPresent();
            if (!fits) {
                throw unfit(manifest.info().id(), file);
            }
        }
    }

    private QuernException unfit(String backup, FileEntry file) {
        return QuernException.invalid(
                "backup "
                        + backup
                        + " cannot be restored to "
                        + tier
                        + ": "
                        + file.path()
                        + " is of a kind that a tier does not hold; restore it without store-tier");
    }

    /// From here on the directory is a member of the store in the tier, so that nobody deletes what
    /// is there.
    void begin(Path directory) throws IOException {
        scratch = directory;
        Path own = directory.resolve("chunks-tier");
        disk.createDirectories(own);
        TierMembers.register(tier, disk, own, random);
    }

    /// Puts a pack unless the tier has it.
    void put(BackupRestore backup, FileEntry file) {
        if (tier.size(file.path()).equals(OptionalLong.of(file.sizeBytes()))
                && backup.isSame(tier, file.path(), file)) {
            return;
        }
        Path copy = scratch.resolve(Path.of(file.path()).getFileName() + ".part");
        try {
            try {
                backup.copy(file, copy);
                requireSealed(file, copy);
                if (!tier.putIfAbsent(file.path(), copy)
                        && !backup.isSame(tier, file.path(), file)) {
                    throw QuernException.corrupt(
                            "blob "
                                    + file.path()
                                    + " in "
                                    + tier
                                    + " must have the hash "
                                    + file.sha256()
                                    + ", has another: is it another store's?");
                }
            } finally {
                disk.delete(copy);
            }
        } catch (IOException e) {
            throw StorageErrors.of("cannot restore " + file.path() + " by " + copy, e);
        }
    }

    /// The table of a pack is all that a tier knows it by; one that a crash cut off has none.
    private void requireSealed(FileEntry file, Path copy) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pack = disk.map(copy, arena);
            long id = TierStoreFormat.packId(file.path()).orElseThrow();
            Header header = PackFormat.header(pack, id, file.path());
            if (header == null || PackFormat.footer(pack, header) == null) {
                throw unfit("with " + file.sha256(), file);
            }
        }
    }

    /// Packs that were on their way out are needed again. Makes sure that all are there.
    void finish(Manifest manifest) {
        Set<Long> needed = new HashSet<>();
        for (FileEntry file : manifest.files()) {
            TierStoreFormat.packId(file.path()).ifPresent(needed::add);
        }
        keep(needed);
        for (FileEntry file : manifest.files()) {
            if (!file.path().equals(BackupFormat.FACTS) && tier.size(file.path()).isEmpty()) {
                throw QuernException.conflict(
                        "blob "
                                + file.path()
                                + " in "
                                + tier
                                + " was deleted meanwhile: stop the server that uses it, and run"
                                + " the restore again");
            }
        }
    }

    private void keep(Set<Long> packs) {
        List<Tier.Blob> page = tier.list(TierStoreFormat.RETIRED, "", Tier.MAX_PAGE);
        while (!page.isEmpty()) {
            for (Tier.Blob blob : page) {
                Optional<Retirement> retired = TierStoreFormat.retirement(blob.name());
                if (retired.isPresent() && packs.contains(retired.get().pack())) {
                    tier.delete(blob.name());
                }
            }
            page = tier.list(TierStoreFormat.RETIRED, page.getLast().name(), Tier.MAX_PAGE);
        }
    }
}
