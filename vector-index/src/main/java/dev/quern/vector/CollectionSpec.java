package dev.quern.vector;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.Optional;

/// What a new collection shall be.
///
/// @param name unique in its space, see [Names]
/// @param schema its fields; at least one of vectors and texts
public record CollectionSpec(String name, CollectionSchema schema) {
    /// Checks the values.
    public CollectionSpec {
        Names.require("collection", name);
        try {
            check(schema);
        } catch (QuernException e) {
            throw new QuernException(e.kind(), "collection \"" + name + "\": " + e.getMessage(), e);
        }
    }

    /// A collection of one vector field and one text field, by their default names.
    ///
    /// @param dims dimensions of the vectors, 1 to [VectorField#MAX_DIMS]
    /// @param model embedding model for rows and queries that come as text
    public CollectionSpec(String name, int dims, Metric metric, Optional<String> model) {
        this(name, CollectionSchema.of(vector(name, dims, metric, model)));
    }

    private static VectorField vector(
            String name, int dims, Metric metric, Optional<String> model) {
        Names.require("collection", name);
        try {
            return VectorField.of(dims, metric, model);
        } catch (QuernException e) {
            throw new QuernException(e.kind(), "collection \"" + name + "\": " + e.getMessage(), e);
        }
    }

    private static void check(CollectionSchema schema) {
        if (schema.vectors().isEmpty() && schema.texts().isEmpty()) {
            throw QuernException.invalid("needs a vector field or a text field, got none");
        }
        CollectionSchema.none().with(schema);
        for (String name : schema.attributes().keySet()) {
            WriteCheck.checkAttributeName("attribute name", name);
        }
    }
}
