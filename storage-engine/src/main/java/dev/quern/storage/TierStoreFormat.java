package dev.quern.storage;

import dev.quern.common.QuernException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/// What a [TierChunkStore] keeps in its tier. All its members, which share the tier, write the
/// same:
///
/// | blob | what |
/// |---|---|
/// | `chunks/store` | the store's identity: the line `quern-chunks 1 <32 hex digits>` |
/// | `chunks/packs/<16 hex digits>.pack` | a sealed pack ([PackFormat], version 2 or later) |
///
/// The 16 digits are the pack's id, as in its header: the upper 33 bits are seconds since 1970,
/// when the pack was ready to be put, the lower 30 are random. So the packs of the last day are
/// found by one list that begins at their time. A pack is put if absent, and never changed; two
/// members that come upon one id are told apart by the salt in the header, and the later takes
/// another id.
///
/// Version rule: the number in `chunks/store`; another one is refused.
final class TierStoreFormat {
    static final String STORE = "chunks/store";
    static final String PACKS = "chunks/packs/";

    /// How long a pack may take from its id to its place in the tier, and clocks may differ, for
    /// others to find it without listing all.
    static final Duration OVERLAP = Duration.ofHours(24);

    private static final int RANDOM_BITS = 30;
    private static final String MAGIC = "quern-chunks 1 ";
    private static final Pattern IDENTITY = Pattern.compile("quern-chunks 1 [0-9a-f]{32}\n");
    private static final Pattern PACK = Pattern.compile("chunks/packs/[0-7][0-9a-f]{15}\\.pack");

    private TierStoreFormat() {}

    /// A new store's identity.
    static byte[] identity(RandomGenerator random) {
        byte[] id = new byte[16];
        random.nextBytes(id);
        return (MAGIC + HexFormat.of().formatHex(id) + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    /// Checks a store's identity and returns it as text.
    ///
    /// @throws QuernException `INVALID` if it is of another version or something else
    static String checked(byte[] identity, Object where) {
        String text = new String(identity, StandardCharsets.ISO_8859_1);
        if (!IDENTITY.matcher(text).matches()) {
            throw QuernException.invalid(
                    "blob "
                            + STORE
                            + " in "
                            + where
                            + " is of no version that this build reads (quern-chunks 1)");
        }
        return text.substring(MAGIC.length()).strip();
    }

    /// An id for a pack that is ready now.
    static long newId(Instant now, RandomGenerator random) {
        return (now.getEpochSecond() << RANDOM_BITS) | random.nextInt(1 << RANDOM_BITS);
    }

    /// The name of a pack.
    static String pack(long id) {
        return String.format(Locale.ROOT, "%s%016x.pack", PACKS, id);
    }

    /// The id of a pack with this name, or empty if that is no pack's.
    static OptionalLong packId(String name) {
        return PACK.matcher(name).matches()
                ? OptionalLong.of(
                        Long.parseLong(name.substring(PACKS.length(), PACKS.length() + 16), 16))
                : OptionalLong.empty();
    }

    /// A name before those of all packs that others may have put lately.
    static String before(Instant now) {
        long seconds = Math.max(0, now.minus(OVERLAP).getEpochSecond());
        return String.format(Locale.ROOT, "%s%016x", PACKS, seconds << RANDOM_BITS);
    }
}
