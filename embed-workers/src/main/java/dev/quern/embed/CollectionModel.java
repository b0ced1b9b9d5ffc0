package dev.quern.embed;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.VectorField;

/// Finds the model that embeds texts for a vector field.
final class CollectionModel {
    private CollectionModel() {}

    /// The model.
    ///
    /// @param collection its name, for messages
    /// @throws QuernException `INVALID` if the field names none, or one that this server does not
    ///   have, or one whose vectors have other dims
    static ModelInfo require(String collection, VectorField field, EmbedService embedder) {
        String id =
                field.model()
                        .orElseThrow(() ->
                                QuernException.invalid(
                                        "collection \""
                                                + collection
                                                + "\" has no embedding model: give vectors,"
                                                + " or create it with a model"));
        ModelInfo model = find(collection, id, embedder);
        if (model.dims() != field.dims()) {
            throw QuernException.invalid(
                    "collection \""
                            + collection
                            + "\" has "
                            + field.dims()
                            + " dims, its model "
                            + model.id()
                            + " makes vectors of "
                            + model.dims());
        }
        return model;
    }

    private static ModelInfo find(String collection, String id, EmbedService embedder) {
        try {
            return embedder.model(id);
        } catch (QuernException e) {
            if (e.kind() != ErrorKind.NOT_FOUND) {
                throw e;
            }
            throw new QuernException(
                    ErrorKind.INVALID, "collection \"" + collection + "\": " + e.getMessage(), e);
        }
    }
}
