package dev.quern.embed;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/// A sentence encoder in ONNX Runtime on the CPU: one session that all callers share, each call on
/// one thread (measured: two callers on one session with intra-op 1 make a third more sentences
/// than one caller with intra-op 2).
///
/// The graph takes int64 `input_ids`, `attention_mask` and, if it has it, `token_type_ids`, each
/// `[rows, width]`, and gives float `last_hidden_state` `[rows, width, dims]`.
///
/// The runtime unpacks its native libraries (28 MB) into the temp directory at every start, unless
/// the launcher names a folder that holds them: `-Donnxruntime.native.path`.
final class OnnxEngine implements EmbedEngine {
    private static final String OUTPUT = "last_hidden_state";
    private static final Set<String> KNOWN_INPUTS =
            Set.of("input_ids", "attention_mask", "token_type_ids");

    private final Path file;
    private final OrtEnvironment environment;
    private final OrtSession session;
    private final int dims;
    private final boolean takesTypeIds;

    private OnnxEngine(Path file, OrtEnvironment environment, OrtSession session)
            throws OrtException {
        this.file = file;
        this.environment = environment;
        this.session = session;
        this.takesTypeIds = session.getInputNames().contains("token_type_ids");
        this.dims = outputDims(session);
        if (!KNOWN_INPUTS.containsAll(session.getInputNames())) {
            throw QuernException.invalid(
                    "model "
                            + file
                            + " has inputs "
                            + session.getInputNames()
                            + ", expected "
                            + KNOWN_INPUTS);
        }
    }

    /// Loads a model. It is read by path: from an array its inference is up to 2.8 times slower.
    ///
    /// @throws QuernException `INVALID` if the file is no model of this form
    @MustBeClosed
    static OnnxEngine open(Path file) {
        OrtEnvironment environment = OrtEnvironment.getEnvironment("quern");
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            OrtSession session = environment.createSession(file.toString(), options);
            try {
                return new OnnxEngine(file, environment, session);
            } catch (OrtException | RuntimeException e) {
                session.close();
                throw e;
            }
        } catch (OrtException e) {
            throw new QuernException(
                    ErrorKind.INVALID, "model " + file + " cannot be loaded: " + e.getMessage(), e);
        }
    }

    @Override
    public float[][] embed(TokenBatch batch) {
        long[] shape = {batch.rows().size(), batch.width()};
        long[] ids = batch.paddedIds();
        Map<String, OnnxTensor> inputs = new HashMap<>();
        try {
            inputs.put("input_ids", tensor(ids, shape));
            inputs.put("attention_mask", tensor(batch.attentionMask(), shape));
            if (takesTypeIds) {
                inputs.put("token_type_ids", tensor(new long[ids.length], shape));
            }
            try (OrtSession.Result result = session.run(inputs, Set.of(OUTPUT))) {
                FloatBuffer hidden = ((OnnxTensor) result.get(0)).getFloatBuffer();
                return Pooling.meanOfUnitLength(hidden.array(), batch, dims);
            }
        } catch (OrtException e) {
            throw QuernException.internal(
                    "model "
                            + file
                            + " failed on a batch of "
                            + shape[0]
                            + " x "
                            + shape[1]
                            + " tokens: "
                            + e.getMessage(),
                    e);
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    @Override
    public int dims() {
        return dims;
    }

    @Override
    public String precision() {
        return "fp32";
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw QuernException.internal("model " + file + " cannot be closed", e);
        }
    }

    private OnnxTensor tensor(long[] values, long[] shape) throws OrtException {
        return OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape);
    }

    private static int outputDims(OrtSession session) throws OrtException {
        NodeInfo output = session.getOutputInfo().get(OUTPUT);
        if (output != null && output.getInfo() instanceof TensorInfo info) {
            long[] shape = info.getShape();
            if (shape.length == 3 && shape[2] > 0) {
                return Math.toIntExact(shape[2]);
            }
        }
        throw QuernException.invalid(
                "model has outputs "
                        + session.getOutputInfo().keySet()
                        + ", expected "
                        + OUTPUT
                        + " [rows, tokens, dims]");
    }
}
