package dev.quern.storage;

import dev.quern.common.QuernException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a [TierChunkStore] keeps in its tier. All its members, which share the tier, write the
/// same:
///
/// | blob | what |
/// |---|---|
/// | `chunks/store` | the store's identity: the line `quern-chunks 1 <32 hex digits>` |
/// | `chunks/packs/<16 hex digits>.pack` | a sealed pack ([PackFormat], version 2 or later) |
/// | `chunks/members/<32 hex digits>` | a data directory whose facts name chunks: the line `quern-member 1` |
/// | `chunks/members/<32 hex digits>-<8 hex digits>` | the server of that member runs: the line `quern-alive 1` |
/// | `chunks/retired/<16 hex digits>-<8 hex digits>` | a pack that is to be deleted: the line `quern-retired 1` |
///
/// The 16 digits are the pack's id, as in its header: the upper 33 bits are seconds since 1970,
/// when the pack was ready to be put, the lower 30 are random. So the packs of the last day are
/// found by one list that begins at their time. A pack is put if absent, and never changed; two
/// members that come upon one id are told apart by the salt in the header, and the later takes
/// another id.
///
/// A member puts its own blob before it lists packs, and never removes it: what its facts need is
/// not known to the others, so that nothing is removed from a store with another member, until an
/// operator has it forgotten. Before that blob it puts one that says until when, by the seconds
/// since 1970, its server is taken to run, and renews it; then it is not forgotten. A pack is
/// retired, by its id and the seconds since 1970, after all that is needed of it was copied to
/// others; nobody takes it into an index from then on. It is deleted a grace later, and what says
/// that it is retired after it.
///
/// Version rule: the number in `chunks/store`; another one is refused.
final class TierStoreFormat {
    static final String STORE = "chunks/store";
    static final String PACKS = "chunks/packs/";
    static final String MEMBERS = "chunks/members/";
    static final String RETIRED = "chunks/retired/";

    /// How long a pack may take from its id to its place in the tier, and clocks may differ, for
    /// others to find it without listing all.
    static final Duration OVERLAP = Duration.ofHours(24);

    private static final int RANDOM_BITS = 30;
    private static final String MAGIC = "quern-chunks 1 ";
    private static final Pattern IDENTITY = Pattern.compile("quern-chunks 1 [0-9a-f]{32}\n");
    private static final Pattern MEMBER = Pattern.compile("chunks/members/[0-9a-f]{32}");
    private static final Pattern ALIVE =
            Pattern.compile("(chunks/members/[0-9a-f]{32})-([0-9a-f]{8})");
    private static final Pattern RETIREMENT =
            Pattern.compile("chunks/retired/([0-7][0-9a-f]{15})-([0-9a-f]{8})");
    private static final Pattern PACK = Pattern.compile("chunks/packs/[0-7][0-9a-f]{15}\\.pack");

    private TierStoreFormat() {}

    /// A pack that is to be deleted.
    ///
    /// @param at to the second
    record Retirement(long pack, Instant at) {
        /// The name of the blob that says so.
        String blob() {
            return String.format(Locale.ROOT, "%s%016x-%08x", RETIRED, pack, at.getEpochSecond());
        }
    }

    /// What the blob of a retirement says, or empty if it has no such name.
    static Optional<Retirement> retirement(String name) {
        Matcher blob = RETIREMENT.matcher(name);
        return blob.matches()
                ? Optional.of(
                        new Retirement(
                                Long.parseLong(blob.group(1), 16),
                                Instant.ofEpochSecond(Long.parseLong(blob.group(2), 16))))
                : Optional.empty();
    }

    /// The bytes of the blob of a retirement.
    static byte[] retired() {
        return "quern-retired 1\n".getBytes(StandardCharsets.US_ASCII);
    }

    /// The name of a new member's blob.
    static String newMember(RandomGenerator random) {
        byte[] id = new byte[16];
        random.nextBytes(id);
        return MEMBERS + HexFormat.of().formatHex(id);
    }

    /// The name of the blob of the member with this id, 32 hex digits.
    static String member(String id) {
        return MEMBERS + id;
    }

    /// That a member's server runs.
    ///
    /// @param member name of the member's blob
    /// @param until when it will not be known any more, to the second
    record Alive(String member, Instant until) {
        /// The name of the blob that says so.
        String blob() {
            return String.format(Locale.ROOT, "%s-%08x", member, until.getEpochSecond());
        }
    }

    /// What the blob of a member that runs says, or empty if it has no such name.
    static Optional<Alive> alive(String name) {
        Matcher blob = ALIVE.matcher(name);
        return blob.matches()
                ? Optional.of(
                        new Alive(
                                blob.group(1),
                                Instant.ofEpochSecond(Long.parseLong(blob.group(2), 16))))
                : Optional.empty();
    }

    /// The bytes of the blob of a member that runs.
    static byte[] alive() {
        return "quern-alive 1\n".getBytes(StandardCharsets.US_ASCII);
    }

    /// Whether a blob is a member's.
    static boolean isMember(String name) {
        return MEMBER.matcher(name).matches();
    }

    /// The bytes of a member's blob.
    static byte[] member() {
        return "quern-member 1\n".getBytes(StandardCharsets.US_ASCII);
    }

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
