package dev.quern.embed;

import dev.quern.common.QuernException;
import java.nio.file.Path;

/// Settings of the embedding service.
///
/// @param modelsDirectory holds a folder for each model, with `model.onnx` and `tokenizer.json`
/// @param threads batches computed at a time, each on one core; 1 to 1,024
/// @param maxQueuedTexts texts that may wait, over all requests; 1 or more
/// @param maxBatchTokens tokens of a batch, padding included; 16 or more; 512 is the fastest on
///   CPUs
public record EmbedConfig(
        Path modelsDirectory, int threads, int maxQueuedTexts, int maxBatchTokens) {
    /// Checks the ranges.
    ///
    /// @throws QuernException `INVALID` naming the setting that is out of range
    public EmbedConfig {
        requireRange("threads", threads, 1, 1024);
        requireRange("maxQueuedTexts", maxQueuedTexts, 1, 1 << 24);
        requireRange("maxBatchTokens", maxBatchTokens, 16, 1 << 20);
    }

    /// One thread a core, 16,384 texts, 512 tokens.
    public static EmbedConfig of(Path modelsDirectory) {
        return new EmbedConfig(
                modelsDirectory, Runtime.getRuntime().availableProcessors(), 16_384, 512);
    }

    private static void requireRange(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw QuernException.invalid(
                    "embed " + name + " must be " + min + " to " + max + ", got " + value);
        }
    }
}
