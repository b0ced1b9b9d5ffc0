package dev.quern.storage;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.rocksdb.Cache;

/// What a [TierChunkStore] works with, opened in order and closed in reverse.
///
/// @param tier stays the caller's
record TierStoreParts(
        Tier tier,
        TierCache cache,
        PackIndex index,
        PackDirectory staging,
        BodyCodec codec,
        TierMembers members,
        TierPackReader reader,
        TierPacks packs,
        TierUpload upload,
        InstantSource clock)
        implements AutoCloseable {
    /// More than any identity has.
    private static final int IDENTITY_BYTES = 256;

    /// What the store is opened with.
    ///
    /// @param directory for `store`, `member`, `staging/`, `index/` and `cache/`
    /// @param cacheBytes bound on the files of the cache
    /// @param rocksCache stays the caller's
    record Setup(
            Disk disk,
            Path directory,
            StorageConfig config,
            long cacheBytes,
            RandomGenerator random,
            InstantSource clock,
            Cache rocksCache) {}

    /// Opens the store in a tier, making it when absent.
    ///
    /// @throws QuernException `INVALID` if this directory belongs to the store of another tier, or
    ///   a later version wrote it
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // handed on
    static TierStoreParts open(Tier tier, Setup setup) {
        Path directory = setup.directory;
        PackIndex index = null;
        TierMembers members = null;
        boolean opened = false;
        try {
            setup.disk.createDirectories(directory);
            requireSameStore(directory.resolve("store"), identity(tier, setup.random));
            members =
                    TierMembers.join(tier, setup.disk, directory, setup.random, setup.clock);
            TierCache cache =
                    TierCache.open(
                            setup.disk,
                            directory.resolve("cache"),
                            setup.cacheBytes,
                            setup.config.minFree().bytes());
            PackDirectory staging = staging(setup);
            index = PackIndex.open(setup.disk, directory.resolve("index"), setup.rocksCache);
            BodyCodec codec =
                    new BodyCodec(setup.config.compression(), setup.random, SpaceKeys.UNBOUND);
            TierPackReader reader = new TierPackReader(tier, cache, codec);
            TierRetirement retirement = new TierRetirement(tier, members, setup.clock);
            TierPacks packs = new TierPacks(tier, index, reader, retirement);
            packs.open();
            TierUpload upload =
                    new TierUpload(tier, packs, reader, staging, setup.clock, setup.random);
            TierStoreParts parts =
                    new TierStoreParts(
                            tier,
                            cache,
                            index,
                            staging,
                            codec,
                            members,
                            reader,
                            packs,
                            upload,
                            setup.clock);
            opened = true;
            return parts;
        } catch (IOException e) {
            throw StorageErrors.of("cannot open chunk store " + directory, e);
        } finally {
            if (!opened && index != null) {
                index.close();
            }
            if (!opened && members != null) {
                members.close();
            }
        }
    }

    private static String identity(Tier tier, RandomGenerator random) {
        tier.putIfAbsent(
                TierStoreFormat.STORE, MemorySegment.ofArray(TierStoreFormat.identity(random)));
        byte[] identity = new byte[IDENTITY_BYTES];
        long read = tier.read(TierStoreFormat.STORE, 0, MemorySegment.ofArray(identity));
        return TierStoreFormat.checked(Arrays.copyOf(identity, (int) read), tier);
    }

    /// The index and the cache are of one store, whose identity is kept beside them.
    private static void requireSameStore(Path file, String identity) throws IOException {
        if (Files.exists(file)) {
            String known = Files.readString(file, StandardCharsets.US_ASCII).strip();
            if (!known.equals(identity)) {
                throw QuernException.invalid(
                        "directory "
                                + file.getParent()
                                + " belongs to chunk store "
                                + known
                                + ", and the tier has chunk store "
                                + identity);
            }
        } else {
            Files.writeString(file, identity + "\n", StandardOpenOption.CREATE_NEW);
        }
    }

    /// What an earlier run left there was never asked for.
    private static PackDirectory staging(Setup setup) throws IOException {
        Path directory = setup.directory.resolve("staging");
        setup.disk.createDirectories(directory);
        for (Path left : setup.disk.list(directory, Pack.Kind.RECORDS.suffix())) {
            setup.disk.delete(left);
        }
        return new PackDirectory(setup.disk, directory, setup.random, setup.config);
    }

    @Override
    public void close() {
        try (members;
                index;
                cache;
                staging;
                codec) { // in reverse
        }
    }
}
