package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.Optional;

/// A vector field of a collection.
///
/// @param dims dimensions, 1 to [#MAX_DIMS]
/// @param metric how vectors are compared
/// @param model embedding model for rows and queries that come as text; at most 200 characters
/// @param source the text field that the model embeds when a row brings no vector
public record VectorField(int dims, Metric metric, Optional<String> model, String source) {
    /// The most dimensions of a vector.
    public static final int MAX_DIMS = 16_384;

    private static final int MAX_MODEL_CHARS = 200;

    /// Checks the values.
    public VectorField {
        if (dims < 1 || dims > MAX_DIMS) {
            throw QuernException.invalid("dims must be 1 to " + MAX_DIMS + ", got " + dims);
        }
        if (model.isPresent()
                && (model.get().isBlank() || model.get().length() > MAX_MODEL_CHARS)) {
            throw QuernException.invalid(
                    "model must be 1 to "
                            + MAX_MODEL_CHARS
                            + " characters, got \""
                            + Names.abbreviate(model.get())
                            + "\"");
        }
        CollectionSchema.requireFieldName("source", source);
    }

    /// A field whose model, if it has one, embeds the text field `text`.
    public static VectorField of(int dims, Metric metric, Optional<String> model) {
        return new VectorField(dims, metric, model, CollectionSchema.TEXT);
    }

    /// For messages.
    String shape() {
        return dims
                + " dims, "
                + metric
                + model.map(m -> ", model " + m + " of " + source).orElse("");
    }
}
