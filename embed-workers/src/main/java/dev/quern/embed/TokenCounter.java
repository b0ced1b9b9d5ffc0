package dev.quern.embed;

/// What the splitter asks of a model's tokenizer.
interface TokenCounter {
    /// Where the tokens of a text lie in it, in order, begin and end tokens not among them.
    TokenSpans spans(String text);

    /// Tokens that the model puts around every text.
    int specials();

    /// Tokens of a text, begin and end tokens not among them.
    default int count(String text) {
        return spans(text).count();
    }

    /// Places of tokens, as offsets in `char`s.
    ///
    /// @param starts first character of each
    /// @param ends after the last character of each
    record TokenSpans(int[] starts, int[] ends) {
        int count() {
            return starts.length;
        }
    }
}
