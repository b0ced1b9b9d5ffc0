package dev.quern.embed;

/// The vectors of a request, in the order of its inputs.
///
/// @param vectors one of the model's dims for each input, of unit length
/// @param tokens tokens embedded for each input, begin and end tokens included
/// @param truncated inputs that were longer than the model's limit
/// @param digest SHA-256 of the model that made them, hex
public record Embeddings(float[][] vectors, int[] tokens, int truncated, String digest) {
    /// Tokens of all inputs together.
    public long totalTokens() {
        long total = 0;
        for (int count : tokens) {
            total += count;
        }
        return total;
    }
}
