package dev.quern.http;

import dev.quern.common.QuernException;
import dev.quern.common.wire.SchemaBody;
import dev.quern.common.wire.TextFieldBody;
import dev.quern.common.wire.VectorFieldBody;
import dev.quern.embed.EmbedService;
import dev.quern.embed.ModelInfo;
import dev.quern.vector.AttributeType;
import dev.quern.vector.CollectionSchema;
import dev.quern.vector.IdType;
import dev.quern.vector.Metric;
import dev.quern.vector.TextField;
import dev.quern.vector.VectorField;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Schemas as the wire has them.
final class SchemaWire {
    private SchemaWire() {}

    static SchemaBody body(CollectionSchema schema) {
        Map<String, VectorFieldBody> vectors = new TreeMap<>();
        schema.vectors().forEach((name, field) -> vectors.put(name, body(field)));
        Map<String, TextFieldBody> texts = new TreeMap<>();
        schema.texts()
                .forEach((name, field) -> texts.put(name, new TextFieldBody(field.analyzer())));
        Map<String, String> attributes = new TreeMap<>();
        schema.attributes().forEach((name, type) -> attributes.put(name, type.toString()));
        return new SchemaBody(
                vectors,
                texts,
                attributes,
                schema.strict(),
                schema.idType().map(IdType::toString).orElse(null));
    }

    private static VectorFieldBody body(VectorField field) {
        return new VectorFieldBody(
                field.dims(),
                field.metric().toString(),
                field.model().orElse(null),
                field.model().isPresent() ? field.source() : null);
    }

    /// The schema that a body asks for.
    ///
    /// @throws QuernException `INVALID` naming the field and what is wrong; `NOT_FOUND` for a model
    static CollectionSchema schema(@Nullable SchemaBody body, EmbedService embeddings) {
        TreeMap<String, VectorField> vectors = new TreeMap<>();
        TreeMap<String, TextField> texts = new TreeMap<>();
        TreeMap<String, AttributeType> attributes = new TreeMap<>();
        if (body == null) {
            return new CollectionSchema(vectors, texts, attributes, false);
        }
        Objects.requireNonNullElse(body.vectors(), Map.<String, VectorFieldBody>of())
                .forEach((name, field) -> vectors.put(name, vector(name, field, embeddings)));
        Objects.requireNonNullElse(body.texts(), Map.<String, TextFieldBody>of())
                .forEach((name, field) ->
                        texts.put(
                                name,
                                new TextField(
                                        Objects.requireNonNullElse(
                                                field.analyzer(), TextField.DEFAULT_ANALYZER))));
        Objects.requireNonNullElse(body.attributes(), Map.<String, String>of())
                .forEach((name, type) -> attributes.put(name, AttributeType.parse(type)));
        return new CollectionSchema(
                vectors,
                texts,
                attributes,
                Boolean.TRUE.equals(body.strict()),
                Optional.ofNullable(body.id()).map(IdType::parse));
    }

    /// A field with a model has the model's dimensions, and keeps the model's id even when it was
    /// named by an alias.
    ///
    /// @param name for messages
    static VectorField vector(String name, VectorFieldBody body, EmbedService embeddings) {
        Metric metric = Metric.parse(Objects.requireNonNullElse(body.metric(), "cosine"));
        String source = Objects.requireNonNullElse(body.source(), CollectionSchema.TEXT);
        Integer dims = body.dims();
        if (body.model() == null) {
            if (dims == null) {
                throw QuernException.invalid(
                        "one of 'dims' and 'model' is required for vector field '" + name + "'");
            }
            return new VectorField(dims, metric, Optional.empty(), source);
        }
        ModelInfo model = embeddings.model(body.model());
        if (dims != null && dims != model.dims()) {
            throw QuernException.invalid(
                    "'dims' must be "
                            + model.dims()
                            + " for model "
                            + model.id()
                            + " or left out, got "
                            + dims);
        }
        return new VectorField(model.dims(), metric, Optional.of(model.id()), source);
    }
}
