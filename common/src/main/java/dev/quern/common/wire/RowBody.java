package dev.quern.common.wire;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A row. In an upsert it may have any field by its name, too; see [UpsertRows].
///
/// @param id 1 to 512 bytes of UTF-8; in JSON a number where the collection's ids are `uint64`,
///   here its digits
/// @param text of the field `text`: searched by BM25, embedded where a vector field has a model and
///   the row brings no vector
/// @param vector of the field `vector`: `dims` finite numbers
/// @param attributes by name: string, number, boolean, list of these, or any JSON; a datetime as
///   RFC 3339 text
/// @param texts of the other text fields, by name
/// @param vectors of the other vector fields, by name
/// @param version in answers, where it was asked for: the token of the write that stored the row
/// @param expiresAt RFC 3339: from then on the row is not there any more
/// @param ttl in writes, instead of `expires_at`: seconds from now, 1 to 3,153,600,000
/// @param ifVersion in writes: refuse the whole request if the row's version is another one; 0: if
///   there is a row
/// @param ifAbsent in writes: true is `if_version` 0
public record RowBody(
        String id,
        @Nullable String text,
        @Nullable List<Float> vector,
        @Nullable Map<String, Object> attributes,
        @Nullable Map<String, String> texts,
        @Nullable Map<String, List<Float>> vectors,
        @Nullable Long version,
        @Nullable String expiresAt,
        @Nullable Long ttl,
        @Nullable Long ifVersion,
        @Nullable Boolean ifAbsent) {
    /// A row that stays, to write whatever is there.
    public RowBody(
            String id,
            @Nullable String text,
            @Nullable List<Float> vector,
            @Nullable Map<String, Object> attributes,
            @Nullable Map<String, String> texts,
            @Nullable Map<String, List<Float>> vectors) {
        this(id, text, vector, attributes, texts, vectors, null, null, null, null, null);
    }

    /// The row as it can be written again.
    public RowBody withoutVersion() {
        return version == null
                ? this
                : new RowBody(
                        id,
                        text,
                        vector,
                        attributes,
                        texts,
                        vectors,
                        null,
                        expiresAt,
                        ttl,
                        ifVersion,
                        ifAbsent);
    }

    /// A row of a collection with the fields `text` and `vector` only.
    public RowBody(
            String id,
            @Nullable String text,
            @Nullable List<Float> vector,
            @Nullable Map<String, Object> attributes) {
        this(id, text, vector, attributes, null, null);
    }
}
