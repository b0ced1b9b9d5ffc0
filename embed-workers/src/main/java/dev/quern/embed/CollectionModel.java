package dev.quern.embed;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.CollectionInfo;

/// Finds the model that embeds a collection's texts.
final class CollectionModel {
    private CollectionModel() {}

    /// The model.
    ///
    /// @throws QuernException `INVALID` if the collection names none, or one that this server does
    ///   not have, or one whose vectors have other dims
    static ModelInfo require(CollectionInfo collection, EmbedService embedder) {
        String name = collection.name();
        String id =
                collection
                        .model()
                        .orElseThrow(() ->
                                QuernException.invalid(
                                        "collection \""
                                                + name
                                                + "\" has no embedding model: give vectors,"
                                                + " or create it with a model"));
        ModelInfo model = find(name, id, embedder);
        if (model.dims() != collection.dims()) {
            throw QuernException.invalid(
                    "collection \""
                            + name
                            + "\" has "
                            + collection.dims()
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
