package dev.quern.volume;

import dev.quern.common.QuernException;

/// The bytes of a staged change, the value of a fact. The facts of a session are a log: applied in
/// key order they give what the next commit does. Integers are big-endian.
///
/// | offset | bytes | part |
/// |---|---|---|
/// | 0 | 1 | version: the number 1 |
/// | 1 | 1 | type: 1 put of a file of at most one chunk, 2 put of a file by chunk list, 3 removal of a file, 4 removal of whatever is there |
/// | 2 | 2 + n | length of the path, then its UTF-8; 0 only for type 4, of everything |
/// | 4 + n | 32 | a put: SHA-256 of the file's chunk or of the root of its list |
/// | 36 + n | 8 | a put: bytes of the file |
/// | 44 + n | 8 | a put: when it was staged, milliseconds since 1970, signed |
///
/// Version rule: a reader takes every version up to its own and refuses later ones; any change of
/// these bytes is a new version.
final class StagedFormat {
    static final int VERSION = 1;

    private static final int PUT = 1;
    private static final int PUT_LISTED = 2;
    private static final int REMOVE = 3;
    private static final int REMOVE_ALL = 4;

    private StagedFormat() {}

    /// A staged change.
    sealed interface Change {
        /// What it changes.
        VolumePath path();
    }

    /// Adds or replaces a file.
    record Put(VolumePath path, Content content, long modifiedAtMillis) implements Change {}

    /// Removes what is at a path, if anything is.
    ///
    /// @param recursive false to remove a file only, and leave a directory as it is
    record Remove(VolumePath path, boolean recursive) implements Change {}

    static byte[] encode(Change change) {
        FormatWriter out = new FormatWriter(64 + change.path().value().length()).u8(VERSION);
        switch (change) {
            case Put(VolumePath path, Content content, long modifiedAtMillis) -> {
                out.u8(content.listed() ? PUT_LISTED : PUT).text(path.value());
                content.write(out);
                out.i64(modifiedAtMillis);
            }
            case Remove(VolumePath path, boolean recursive) ->
                    out.u8(recursive ? REMOVE_ALL : REMOVE).text(path.value());
        }
        return out.toBytes();
    }

    /// The change in these bytes.
    ///
    /// @param session for messages
    /// @throws QuernException `CORRUPT` if they are anything else
    static Change decode(byte[] bytes, String session) {
        FormatReader in = new FormatReader(bytes, "staged change of session " + session);
        in.version(VERSION);
        int type = in.u8();
        VolumePath path = path(in);
        if (path.isRoot() && type != REMOVE_ALL) {
            throw in.corrupt("a file must have a path");
        }
        Change change =
                switch (type) {
                    case PUT -> new Put(path, Content.read(in, false), in.i64());
                    case PUT_LISTED -> new Put(path, Content.read(in, true), in.i64());
                    case REMOVE -> new Remove(path, false);
                    case REMOVE_ALL -> new Remove(path, true);
                    default -> throw in.corrupt("type must be 1 to 4, got " + type);
                };
        in.end();
        return change;
    }

    private static VolumePath path(FormatReader in) {
        String text = in.text(in.u16());
        try {
            return VolumePath.parse(text);
        } catch (QuernException e) {
            throw in.corrupt("not a path: " + e.getMessage());
        }
    }
}
