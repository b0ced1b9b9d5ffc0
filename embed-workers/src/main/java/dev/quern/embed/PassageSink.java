package dev.quern.embed;

/// Takes what is read from one file.
interface PassageSink {
    /// A passage.
    ///
    /// @param key its name within the file, unique there; the row's id is `path#key`
    void passage(String key, Passage passage);

    /// A line, or all from it on, that was left out.
    void skippedFrom(int line, String reason);
}
