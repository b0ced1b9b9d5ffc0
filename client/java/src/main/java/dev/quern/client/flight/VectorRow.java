package dev.quern.client.flight;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A row of a collection.
///
/// @param id 1 to 512 bytes of UTF-8; the digits where the collection's ids are uint64
/// @param texts by text field, searched by BM25
/// @param attributes by name: string, number, boolean, list of these, or any JSON; an
///   [java.time.Instant] is sent as RFC 3339 text, and datetimes come back as such
/// @param vectors by vector field, as many numbers as the field has dimensions; not to be modified
/// @param ifVersion in a put with a [PutMode]: refuse the batch if the row's version is another
///   one; 0: if there is a row; null: write whatever is there
public record VectorRow(
        String id,
        Map<String, String> texts,
        Map<String, Object> attributes,
        Map<String, float[]> vectors,
        @Nullable Long ifVersion) {
    private static final String TEXT = "text";
    private static final String VECTOR = "vector";
    private static final float[] NO_VECTOR = {};

    /// Copies texts and vectors.
    public VectorRow {
        texts = Map.copyOf(texts);
        vectors = Map.copyOf(vectors);
    }

    /// A row to write whatever is there.
    public VectorRow(
            String id,
            Map<String, String> texts,
            Map<String, Object> attributes,
            Map<String, float[]> vectors) {
        this(id, texts, attributes, vectors, null);
    }

    /// A row of a collection with the fields `text` and `vector`.
    ///
    /// @param text null for none
    /// @param vector of length 0 for none
    public VectorRow(
            String id, @Nullable String text, Map<String, Object> attributes, float[] vector) {
        this(
                id,
                text == null ? Map.of() : Map.of(TEXT, text),
                attributes,
                vector.length == 0 ? Map.of() : Map.of(VECTOR, vector));
    }

    /// The row, to write if the row that is there has this version; 0: if there is none.
    public VectorRow onlyIf(long version) {
        return new VectorRow(id, texts, attributes, vectors, version);
    }

    /// The text of the field `text`; null if there is none.
    public @Nullable String text() {
        return texts.get(TEXT);
    }

    /// The vector of the field `vector`; of length 0 if there is none.
    public float[] vector() {
        return vectors.getOrDefault(VECTOR, NO_VECTOR);
    }
}
