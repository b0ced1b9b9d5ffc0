package dev.quern.embed;

/// From a vector for each token to one for the text.
final class Pooling {
    private Pooling() {}

    /// The mean over each text's own tokens (padding left out), scaled to unit length.
    ///
    /// @param hidden `[rows, width, dims]` flattened, width being the batch's
    static float[][] meanOfUnitLength(float[] hidden, TokenBatch batch, int dims) {
        int width = batch.width();
        float[][] vectors = new float[batch.rows().size()][];
        for (int r = 0; r < vectors.length; r++) {
            float[] sum = new float[dims];
            int tokens = batch.rows().get(r).length;
            for (int t = 0; t < tokens; t++) {
                int base = (r * width + t) * dims;
                for (int d = 0; d < dims; d++) {
                    sum[d] += hidden[base + d];
                }
            }
            vectors[r] = scaleToUnit(sum);
        }
        return vectors;
    }

    /// Scales in place. The sum has the mean's direction, so its length is all there is to remove.
    private static float[] scaleToUnit(float[] vector) {
        double squares = 0;
        for (float v : vector) {
            squares += (double) v * v;
        }
        float scale = squares > 0 ? (float) (1 / Math.sqrt(squares)) : 0;
        for (int d = 0; d < vector.length; d++) {
            vector[d] *= scale;
        }
        return vector;
    }
}
