package dev.quern.storage;

import dev.quern.common.QuernException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a backup is in a [Tier]. Nothing of it is ever changed; backups share what they have in
/// common:
///
/// | blob | what |
/// |---|---|
/// | `backups/files/<64 hex digits>` | the bytes of a file, named by their SHA-256 |
/// | `backups/manifests/<id>` | a backup: it is there exactly if all its files are |
/// | `backups/busy/backup-<time>-<8 hex digits>` | until then a backup is being made: the line `quern-busy 1` |
/// | `backups/busy/removal-<time>-<8 hex digits>` | until then old ones are being removed: the same line |
///
/// To remove a backup its manifest is deleted, and then the files that no other manifest names.
///
/// An id is the time when the backup was begun and 8 random hex digits:
/// `20260304T050607Z-0a1b2c3d`. Other times are written like that too.
///
/// A manifest is ASCII text; each line ends with a line feed:
///
/// | line | what |
/// |---|---|
/// | `quern-backup 1` | magic and version |
/// | `id <id>` | as in its name |
/// | `created <time>` | ISO 8601, UTC, to the second |
/// | `index <n>` | the last transaction in the facts |
/// | `state <32 hex digits>` | hash of the facts ([StateHash]) |
/// | `files <n>` | how many lines `file` there are |
/// | `bytes <n>` | sum of their sizes |
/// | `file <64 hex digits> <size> <path>` | a file of the data directory, in order of paths |
/// | `end <64 hex digits>` | SHA-256 of all lines before, and the last line |
///
/// Paths are `chunks/packs/<16 hex digits>` and `.pack`, `.run` or `.idx` ([PackFormat],
/// [RunFormat]), and `facts.snapshot` ([FactSnapshotFormat]), from which a restore makes the
/// database of facts. Keys of encrypted spaces are in the facts, wrapped: the operator key is in no
/// backup.
///
/// Version rule: a reader takes every version up to its own and refuses later ones.
final class BackupFormat {
    static final String FILES = "backups/files/";
    static final String MANIFESTS = "backups/manifests/";
    static final String BUSY = "backups/busy/";
    static final String FACTS = "facts.snapshot";
    static final String PACKS = "chunks/packs/";

    private static final String MAGIC = "quern-backup ";
    private static final int VERSION = 1;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC)
                    .withResolverStyle(ResolverStyle.STRICT);
    private static final Pattern ID = Pattern.compile("[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}");
    private static final Pattern BUSY_NAME =
            Pattern.compile("backups/busy/(backup|removal)-([0-9]{8}T[0-9]{6}Z)-([0-9a-f]{8})");
    private static final Pattern FILE =
            Pattern.compile(
                    "file ([0-9a-f]{64}) ([0-9]{1,18})"
                            + " (facts\\.snapshot|chunks/packs/[0-7][0-9a-f]{15}\\.(?:pack|run|idx))");

    private BackupFormat() {}

    /// A file of a backup.
    ///
    /// @param sha256 64 hex digits
    record FileEntry(String sha256, long sizeBytes, String path) {
        /// The blob that has its bytes.
        String blob() {
            return FILES + sha256;
        }
    }

    /// A manifest.
    ///
    /// @param files in order of paths
    record Manifest(BackupInfo info, List<FileEntry> files) {}

    /// Somebody at work on the backups in a place.
    ///
    /// @param until when he may be taken for gone, to the second
    /// @param suffix 8 random hex digits
    record Busy(Kind kind, Instant until, String suffix) {
        /// What he does.
        enum Kind {
            BACKUP("backup", "a backup"),
            REMOVAL("removal", "the removal of old backups");

            private final String tag;
            private final String what;

            Kind(String tag, String what) {
                this.tag = tag;
                this.what = what;
            }

            /// For messages.
            String what() {
                return what;
            }
        }

        static Busy of(Kind kind, Instant until, RandomGenerator random) {
            return new Busy(
                    kind,
                    until.truncatedTo(ChronoUnit.SECONDS),
                    HexFormat.of().toHexDigits(random.nextInt()));
        }

        /// The name of the blob that says so.
        String blob() {
            return BUSY + kind.tag + "-" + TIME.format(until) + "-" + suffix;
        }
    }

    /// What a blob says by its name, or empty if it has no such name.
    static Optional<Busy> busy(String name) {
        Matcher blob = BUSY_NAME.matcher(name);
        if (!blob.matches()) {
            return Optional.empty();
        }
        boolean removal = blob.group(1).equals(Busy.Kind.REMOVAL.tag);
        try {
            return Optional.of(
                    new Busy(
                            removal ? Busy.Kind.REMOVAL : Busy.Kind.BACKUP,
                            TIME.parse(blob.group(2), Instant::from),
                            blob.group(3)));
        } catch (DateTimeException e) {
            return Optional.empty(); // no such day
        }
    }

    /// The bytes of the blob of somebody at work.
    static byte[] busy() {
        return "quern-busy 1\n".getBytes(StandardCharsets.US_ASCII);
    }

    static String newId(Instant now, RandomGenerator random) {
        return TIME.format(now) + "-" + HexFormat.of().toHexDigits(random.nextInt());
    }

    static boolean isId(String id) {
        return ID.matcher(id).matches();
    }

    static byte[] encode(Manifest manifest) {
        BackupInfo info = manifest.info;
        StringBuilder text = new StringBuilder();
        text.append(MAGIC).append(VERSION).append('\n');
        text.append("id ").append(info.id()).append('\n');
        text.append("created ").append(info.created().truncatedTo(ChronoUnit.SECONDS));
        text.append("\nindex ").append(info.position().index());
        text.append("\nstate ").append(info.position().hash());
        text.append("\nfiles ").append(info.files());
        text.append("\nbytes ").append(info.bytes()).append('\n');
        for (FileEntry file : manifest.files) {
            text.append("file ").append(file.sha256).append(' ').append(file.sizeBytes);
            text.append(' ').append(file.path).append('\n');
        }
        String end = hash(text.toString());
        return text.append("end ")
                .append(end)
                .append('\n')
                .toString()
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static String hash(String text) {
        MessageDigest digest = Checksums.sha256();
        return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    /// Reads a manifest.
    ///
    /// @param name of its blob, for messages
    /// @throws QuernException `CORRUPT` naming the blob and the line if these are not its bytes,
    ///   `INVALID` if a later version of Quern wrote it
    static Manifest decode(byte[] bytes, String name) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        Lines lines = new Lines(text, name);
        String version = lines.field(MAGIC.strip());
        int end = text.lastIndexOf("\nend ") + 1;
        if (end == 0 || !text.substring(end).equals("end " + hash(text.substring(0, end)) + "\n")) {
            throw lines.corrupt("does not match its checksum");
        }
        if (!version.equals(String.valueOf(VERSION))) {
            throw QuernException.invalid(
                    "backup " + name + " has version " + version + ", this build reads up to 1");
        }
        try {
            Manifest manifest = decode(lines);
            if (!Arrays.equals(encode(manifest), bytes)) {
                throw lines.corrupt("is malformed"); // numbers and times have one form
            }
            return manifest;
        } catch (NumberFormatException | DateTimeException e) {
            throw lines.corrupt("is malformed: " + e.getMessage());
        }
    }

    private static Manifest decode(Lines lines) {
        String id = lines.field("id");
        Instant created = Instant.parse(lines.field("created"));
        long index = Long.parseLong(lines.field("index"));
        StateHash hash = StateHash.parse(lines.field("state"));
        int count = Integer.parseInt(lines.field("files"));
        long total = Long.parseLong(lines.field("bytes"));
        List<FileEntry> files = new ArrayList<>();
        long sum = 0;
        for (int i = 0; i < count; i++) {
            Matcher file = FILE.matcher(lines.next());
            if (!file.matches()) {
                throw lines.corrupt("names no file");
            }
            FileEntry entry =
                    new FileEntry(file.group(1), Long.parseLong(file.group(2)), file.group(3));
            sum += entry.sizeBytes;
            files.add(entry);
        }
        lines.field("end");
        if (!isId(id) || sum != total || !lines.atEnd()) {
            throw lines.corrupt("is malformed");
        }
        return new Manifest(
                new BackupInfo(id, created, new LogPosition(index, hash), count, total), files);
    }

    /// Reads line by line.
    private static final class Lines {
        private final String text;
        private final String name;
        private int at;
        private int line;

        Lines(String text, String name) {
            this.text = text;
            this.name = name;
        }

        String next() {
            int end = text.indexOf('\n', at);
            if (end < 0) {
                throw corrupt("ends too soon");
            }
            String found = text.substring(at, end);
            at = end + 1;
            line++;
            return found;
        }

        String field(String key) {
            String found = next();
            if (!found.startsWith(key + " ")) {
                throw corrupt("must have \"" + key + "\"");
            }
            return found.substring(key.length() + 1);
        }

        boolean atEnd() {
            return at == text.length();
        }

        QuernException corrupt(String what) {
            return QuernException.corrupt("blob " + name + " at line " + line + " " + what);
        }
    }
}
