package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/collections`. With `dims` or `model` the collection has the vector field `vector` and
/// the text field `text`, beside those of `schema`.
///
/// @param name 1 to 63 characters of `A-Z a-z 0-9 . _ -`
/// @param dims 1 to 16,384; may be absent when `model` is given
/// @param metric `cosine` (default), `dot` or `l2`
/// @param model embedding model for rows and queries that come as text
/// @param ifNotExists true: an existing collection that has the fields is returned
/// @param schema more fields
public record CreateCollection(
        String name,
        @Nullable Integer dims,
        @Nullable String metric,
        @Nullable String model,
        @Nullable Boolean ifNotExists,
        @Nullable SchemaBody schema) {
    /// A collection of one vector field and one text field.
    public CreateCollection(
            String name,
            @Nullable Integer dims,
            @Nullable String metric,
            @Nullable String model,
            @Nullable Boolean ifNotExists) {
        this(name, dims, metric, model, ifNotExists, null);
    }
}
