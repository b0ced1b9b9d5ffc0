package dev.quern.http;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.quern.common.QuernException;
import dev.quern.embed.EmbedInput;
import dev.quern.embed.ModelInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The bodies of the OpenAI-compatible routes.
final class EmbeddingWire {
    /// Inputs of one request.
    static final int MAX_INPUTS = 2048;

    private EmbeddingWire() {}

    /// `POST /v1/embeddings`.
    ///
    /// @param model id or alias
    /// @param input a string, a list of strings, a list of token ids, or a list of such lists; at
    ///   most 2,048 inputs, none empty
    /// @param encodingFormat `float` (default) or `base64`: little-endian 32-bit floats
    /// @param dimensions keep only the first so many numbers of each vector, scaled to length 1
    ///   again; at most the model's own. Quality below that is the model's affair: only models that
    ///   were trained for it lose little
    /// @param user accepted and ignored
    record EmbeddingRequest(
            String model,
            Object input,
            @Nullable String encodingFormat,
            @Nullable Integer dimensions,
            @Nullable String user) {}

    /// Answer to [EmbeddingRequest].
    ///
    /// @param object `list`
    /// @param data in the order of the inputs
    /// @param model the model's id
    /// @param usage tokens embedded
    record EmbeddingList(String object, List<Embedding> data, String model, Usage usage) {}

    /// One vector.
    ///
    /// @param object `embedding`
    /// @param index position of its input
    /// @param embedding list of numbers, or base64
    record Embedding(String object, int index, Object embedding) {}

    /// Tokens embedded, begin and end tokens included; both numbers are the same.
    ///
    /// @param promptTokens of the inputs
    /// @param totalTokens of the inputs
    record Usage(long promptTokens, long totalTokens) {}

    /// `GET /v1/models`.
    ///
    /// @param object `list`
    /// @param data the models
    record ModelList(String object, List<Model> data) {}

    /// A model.
    ///
    /// @param id its name
    /// @param object `model`
    /// @param created seconds since 1970; 0: unknown
    /// @param ownedBy `quern`
    /// @param aliases other names that mean it
    /// @param dims length of its vectors
    /// @param maxTokens longest input; longer ones are cut there
    /// @param digest SHA-256 of its weights
    /// @param precision arithmetic it is run with
    record Model(
            String id,
            String object,
            long created,
            @JsonProperty("owned_by") String ownedBy,
            List<String> aliases,
            int dims,
            int maxTokens,
            String digest,
            String precision) {}

    static Model model(ModelInfo info) {
        return new Model(
                info.id(),
                "model",
                0,
                "quern",
                info.aliases(),
                info.dims(),
                info.maxTokens(),
                info.digest(),
                info.precision());
    }

    /// Reads `input`.
    ///
    /// @throws QuernException `INVALID` naming what is wrong
    static List<EmbedInput> inputs(Object input) {
        return switch (input) {
            case String text -> List.of(text(text, "'input'"));
            case List<?> list when list.isEmpty() ->
                    throw QuernException.invalid("'input' must not be empty");
            case List<?> list when list.getFirst() instanceof Number ->
                    List.of(tokens(list, "'input'"));
            case List<?> list -> many(list);
            default ->
                    throw QuernException.invalid(
                            "'input' must be a string, a list of strings, a list of token ids or a"
                                    + " list of such lists");
        };
    }

    private static List<EmbedInput> many(List<?> list) {
        if (list.size() > MAX_INPUTS) {
            throw QuernException.invalid(
                    "'input' must have at most " + MAX_INPUTS + " elements, got " + list.size());
        }
        boolean texts = list.getFirst() instanceof String;
        List<EmbedInput> inputs = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            String name = "'input[" + i + "]'";
            Object element = list.get(i);
            if (texts && element instanceof String text) {
                inputs.add(text(text, name));
            } else if (!texts && element instanceof List<?> ids) {
                inputs.add(tokens(ids, name));
            } else {
                throw QuernException.invalid(
                        name + " must be " + (texts ? "a string" : "a list of token ids"));
            }
        }
        return inputs;
    }

    private static EmbedInput text(String text, String name) {
        if (text.isEmpty()) {
            throw QuernException.invalid(name + " must not be an empty string");
        }
        return new EmbedInput.Text(text);
    }

    private static EmbedInput tokens(List<?> list, String name) {
        if (list.isEmpty()) {
            throw QuernException.invalid(name + " must not be an empty list");
        }
        int[] ids = new int[list.size()];
        for (int i = 0; i < ids.length; i++) {
            if (!(list.get(i) instanceof Integer id) || id < 0) {
                throw QuernException.invalid(name + " must hold token ids, whole numbers from 0");
            }
            ids[i] = id;
        }
        return new EmbedInput.Tokens(ids);
    }

    /// A vector as `encoding_format` has it.
    static Object encode(float[] vector, boolean base64) {
        if (!base64) {
            return new FloatList(vector);
        }
        ByteBuffer bytes =
                ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    /// The first `dims` numbers, scaled to length 1; the vector itself when it has no more.
    static float[] shorten(float[] vector, int dims) {
        if (dims == vector.length) {
            return vector;
        }
        float[] prefix = Arrays.copyOf(vector, dims);
        double sum = 0;
        for (float value : prefix) {
            sum += (double) value * value;
        }
        double length = Math.sqrt(sum);
        for (int i = 0; i < dims && length > 0; i++) {
            prefix[i] = (float) (prefix[i] / length);
        }
        return prefix;
    }
}
