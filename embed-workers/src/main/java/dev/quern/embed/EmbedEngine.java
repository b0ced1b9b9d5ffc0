package dev.quern.embed;

/// Turns token ids into vectors: the one thing that differs between ONNX Runtime on the CPU and
/// whatever else may run a model. The engines of one model must agree in precision, since their
/// vectors meet in one index.
///
/// Thread-safe; each call computes on the calling thread alone.
interface EmbedEngine extends AutoCloseable {
    /// The vectors of a batch: pooled, of unit length, in the batch's order.
    ///
    /// @throws dev.quern.common.QuernException `INTERNAL` if the runtime fails
    float[][] embed(TokenBatch batch);

    /// Length of the vectors.
    int dims();

    /// Arithmetic used, as in [ModelInfo#precision].
    String precision();

    @Override
    void close();
}
