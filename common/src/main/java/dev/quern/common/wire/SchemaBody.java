package dev.quern.common.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The fields of a collection; `PATCH /v1/collections/{collection}` adds those it names. A field
/// keeps its type.
///
/// @param vectors vector fields by name, at most 16
/// @param texts text fields by name, at most 16
/// @param attributes type by name, at most 256: `string`, `int64`, `float64`, `bool`, `datetime`,
///   each also with `[]` for a list, or `json`, which is kept but not filtered on
/// @param strict true: a row with an attribute that is not declared is refused; default false: the
///   first row that has it declares it
/// @param id what row ids are, `string` or `uint64`; when left out the first rows decide it
public record SchemaBody(
        @Nullable Map<String, VectorFieldBody> vectors,
        @Nullable Map<String, TextFieldBody> texts,
        @Nullable Map<String, String> attributes,
        @Nullable Boolean strict,
        @Nullable String id) {
    /// Fields, without a word on ids.
    public SchemaBody(
            @Nullable Map<String, VectorFieldBody> vectors,
            @Nullable Map<String, TextFieldBody> texts,
            @Nullable Map<String, String> attributes,
            @Nullable Boolean strict) {
        this(vectors, texts, attributes, strict, null);
    }
}
