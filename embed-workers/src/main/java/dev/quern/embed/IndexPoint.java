package dev.quern.embed;

/// What an index holds, or is to hold: the files of a commit that a glob matches, as passages and
/// vectors of one kind.
///
/// @param commit the commit's id
/// @param glob the files
/// @param generation how passages and vectors are made: the splitter's version and the model's
///   digest
record IndexPoint(String commit, String glob, String generation) {
    /// Raised whenever the splitter cuts differently, so that files are cut anew.
    private static final int SPLITTER_VERSION = 1;

    static String generation(ModelInfo model) {
        return "splitter-" + SPLITTER_VERSION + "+" + model.precision() + "+" + model.digest();
    }
}
