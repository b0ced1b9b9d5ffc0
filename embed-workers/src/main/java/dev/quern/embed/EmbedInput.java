package dev.quern.embed;

/// One thing to embed. What is longer than the model's limit is cut there.
public sealed interface EmbedInput {
    /// A text.
    ///
    /// @param text any characters, none also
    record Text(String text) implements EmbedInput {}

    /// A text that the caller tokenized.
    ///
    /// @param ids ids of the model's vocabulary, one or more; the model's begin and end tokens are
    ///   added unless the array starts with the first and ends with the second. Not modified
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody; copying thousands costs
    record Tokens(int[] ids) implements EmbedInput {}
}
