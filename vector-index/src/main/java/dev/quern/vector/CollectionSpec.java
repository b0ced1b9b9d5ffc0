package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.Optional;

/// What a new collection shall be.
///
/// @param name unique in its space, see [Names]
/// @param dims dimensions of the vector field, 1 to [#MAX_DIMS]
/// @param metric how vectors are compared
/// @param model embedding model for rows and queries that come as text; at most 200 characters
public record CollectionSpec(String name, int dims, Metric metric, Optional<String> model) {
    /// The most dimensions of a vector.
    public static final int MAX_DIMS = 16_384;

    private static final int MAX_MODEL_CHARS = 200;

    /// Checks the values.
    public CollectionSpec {
        Names.require("collection", name);
        if (dims < 1 || dims > MAX_DIMS) {
            throw QuernException.invalid(
                    "collection \"" + name + "\": dims must be 1 to " + MAX_DIMS + ", got " + dims);
        }
        if (model.isPresent()
                && (model.get().isBlank() || model.get().length() > MAX_MODEL_CHARS)) {
            throw QuernException.invalid(
                    "collection \""
                            + name
                            + "\": model must be 1 to "
                            + MAX_MODEL_CHARS
                            + " characters, got \""
                            + Names.abbreviate(model.get())
                            + "\"");
        }
    }
}
