package dev.quern.http;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.embed.EmbedService;
import dev.quern.embed.Embeddings;
import dev.quern.embed.ModelInfo;
import dev.quern.http.EmbeddingWire.Embedding;
import dev.quern.http.EmbeddingWire.EmbeddingList;
import dev.quern.http.EmbeddingWire.EmbeddingRequest;
import dev.quern.http.EmbeddingWire.ModelList;
import dev.quern.http.EmbeddingWire.Usage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The OpenAI-compatible routes: embeddings and models. Errors take OpenAI's shape, see
/// [OpenAiErrors].
final class OpenAiRoutes {
    private final EmbedService embeddings;

    OpenAiRoutes(EmbedService embeddings) {
        this.embeddings = embeddings;
    }

    List<Route> routes() {
        return List.of(
                Route.of("POST", "/v1/embeddings", this::embed),
                Route.of("GET", "/v1/models", this::models),
                Route.of("GET", "/v1/models/{model...}", this::model));
    }

    private Reply models(Request request) {
        return Reply.json(
                new ModelList(
                        "list", embeddings.models().stream().map(EmbeddingWire::model).toList()));
    }

    private Reply model(Request request) {
        return Reply.json(EmbeddingWire.model(embeddings.model(request.path("model"))));
    }

    private Reply embed(Request request) throws IOException {
        EmbeddingRequest body = request.json(EmbeddingRequest.class);
        ModelInfo model = embeddings.model(body.model());
        boolean base64 = isBase64(body);
        int dims = dims(body, model);
        Embeddings result = embeddings.embed(model.id(), EmbeddingWire.inputs(body.input()));
        List<Embedding> data = new ArrayList<>(result.vectors().length);
        for (int i = 0; i < result.vectors().length; i++) {
            float[] vector = EmbeddingWire.shorten(result.vectors()[i], dims);
            data.add(new Embedding("embedding", i, EmbeddingWire.encode(vector, base64)));
        }
        long tokens = result.totalTokens();
        return Reply.json(new EmbeddingList("list", data, model.id(), new Usage(tokens, tokens)));
    }

    private static boolean isBase64(EmbeddingRequest body) {
        String format = body.encodingFormat();
        if (format == null || format.equals("float")) {
            return false;
        }
        if (format.equals("base64")) {
            return true;
        }
        throw QuernException.invalid(
                "'encoding_format' must be float or base64, got \""
                        + Names.abbreviate(format)
                        + "\"");
    }

    private static int dims(EmbeddingRequest body, ModelInfo model) {
        Integer dims = body.dimensions();
        if (dims == null) {
            return model.dims();
        }
        if (dims < 1 || dims > model.dims()) {
            throw QuernException.invalid(
                    "'dimensions' must be 1 to "
                            + model.dims()
                            + " for model "
                            + model.id()
                            + ", got "
                            + dims);
        }
        return dims;
    }
}
