package dev.quern.vector;

/// A text field of a collection, searched by BM25.
///
/// @param analyzer how text becomes terms: one of the names of [Analyzers]
public record TextField(String analyzer) {
    /// The analyzer of the field that every simple collection has.
    public static final String DEFAULT_ANALYZER = "english";

    /// Checks the name.
    public TextField {
        Analyzers.get(analyzer);
    }

    /// English, stemmed.
    public static TextField english() {
        return new TextField(DEFAULT_ANALYZER);
    }
}
