package dev.quern.client;

import dev.quern.common.QuernException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// Embedding models, through the OpenAI-compatible routes.
public final class Models {
    private static final int TEXTS_MAX = 256;

    private final HttpTransport http;

    Models(HttpTransport http) {
        this.http = http;
    }

    /// Ids of the models that the server has.
    public List<String> list() {
        return http.json(Request.get(Target.of("models")), ModelList.class).data().stream()
                .map(ModelList.Model::id)
                .toList();
    }

    /// Embeds texts.
    ///
    /// @param model id, such as `all-MiniLM-L6-v2`
    /// @param texts any number, sent 256 at a time
    /// @return a vector for each text, in the same order
    /// @throws QuernException `NOT_FOUND` if there is no such model
    public List<float[]> embed(String model, List<String> texts) {
        List<float[]> vectors = new ArrayList<>(texts.size());
        for (int from = 0; from < texts.size(); from += TEXTS_MAX) {
            List<String> part = texts.subList(from, Math.min(texts.size(), from + TEXTS_MAX));
            vectors.addAll(embedOnce(new EmbeddingsRequest(model, part, "base64")));
        }
        return vectors;
    }

    private List<float[]> embedOnce(EmbeddingsRequest body) {
        Request request = Request.json("POST", Target.of("embeddings"), body, Retry.ALWAYS);
        EmbeddingList answer = http.json(request.waiting(), EmbeddingList.class);
        if (answer.data().size() != body.input().size()) {
            throw QuernException.internal(
                    "asked for " + body.input().size() + " embeddings, got " + answer.data().size(),
                    null);
        }
        return answer.data().stream().map(entry -> floats(entry.embedding())).toList();
    }

    /// Little-endian float32, as OpenAI defines `encoding_format=base64`.
    private static float[] floats(String base64) {
        ByteBuffer bytes =
                ByteBuffer.wrap(Base64.getDecoder().decode(base64)).order(ByteOrder.LITTLE_ENDIAN);
        float[] vector = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(vector);
        return vector;
    }

    record EmbeddingsRequest(String model, List<String> input, String encodingFormat) {}

    record EmbeddingList(List<Vector> data) {
        record Vector(int index, String embedding) {}
    }

    record ModelList(List<Model> data) {
        record Model(String id) {}
    }
}
