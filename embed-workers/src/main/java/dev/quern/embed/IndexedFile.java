package dev.quern.embed;

import dev.quern.common.QuernException;
import dev.quern.vector.Filter;
import dev.quern.vector.Row;
import dev.quern.volume.VolumePath;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The rows of one file: what they are called and what they carry. A row's id is `path#key`;
/// attributes are `volume`, `path`, `line` (a whole number) and, if there is one, `heading`.
///
/// @param volume the volume's name
/// @param path the file
record IndexedFile(String volume, VolumePath path) {
    static final String VOLUME = "volume";
    static final String PATH = "path";
    static final String LINE = "line";
    static final String HEADING = "heading";

    /// A row id may have no more bytes.
    private static final int MAX_ID_BYTES = 512;

    /// A row of the file.
    ///
    /// @param key the passage's name within the file
    Row row(String key, Passage passage, float[] vector) {
        Map<String, Object> attributes = new HashMap<>();
        attributes.put(VOLUME, volume);
        attributes.put(PATH, path.value());
        attributes.put(LINE, (long) passage.line());
        passage.heading().ifPresent(heading -> attributes.put(HEADING, heading));
        return new Row(id(key), Optional.of(passage.text()), vector, attributes);
    }

    /// The rows of all of some files.
    static Filter rowsOf(String volume, List<VolumePath> paths) {
        List<Object> values = paths.stream().map(path -> (Object) path.value()).toList();
        return new Filter.And(List.of(new Filter.Eq(VOLUME, volume), new Filter.In(PATH, values)));
    }

    /// The rows of every file of a volume.
    static Filter rowsOf(String volume) {
        return new Filter.Eq(VOLUME, volume);
    }

    /// A name too long for an id is replaced by its SHA-256.
    private String id(String key) {
        byte[] id = (path.value() + "#" + key).getBytes(StandardCharsets.UTF_8);
        if (id.length <= MAX_ID_BYTES) {
            return new String(id, StandardCharsets.UTF_8);
        }
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(id);
            return "sha256:" + HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw QuernException.internal("SHA-256 is missing", e);
        }
    }
}
