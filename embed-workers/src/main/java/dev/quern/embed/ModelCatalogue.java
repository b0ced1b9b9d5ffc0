package dev.quern.embed;

import dev.quern.common.QuernException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The models that Quern knows how to run, and where they lie: a folder each in the models folder,
/// with [#MODEL_FILE] and [#TOKENIZER_FILE]. What cannot be read from these files (names, input
/// limit) is written here.
final class ModelCatalogue {
    static final String MODEL_FILE = "model.onnx";
    static final String TOKENIZER_FILE = "tokenizer.json";

    private static final List<Entry> KNOWN =
            List.of(
                    new Entry(
                            "all-minilm-l6-v2",
                            "all-MiniLM-L6-v2",
                            List.of("sentence-transformers/all-MiniLM-L6-v2"),
                            256));

    private ModelCatalogue() {}

    /// The known models whose folders are there.
    ///
    /// @throws QuernException `NOT_FOUND` if there is none, or a folder lacks a file
    static List<Located> locate(Path modelsDirectory) {
        List<Located> found =
                KNOWN.stream()
                        .filter(entry -> Files.isDirectory(modelsDirectory.resolve(entry.folder())))
                        .map(entry -> new Located(entry, modelsDirectory.resolve(entry.folder())))
                        .toList();
        if (found.isEmpty()) {
            throw QuernException.notFound(
                    "no embedding model in "
                            + modelsDirectory
                            + ": expected a folder "
                            + String.join(", ", KNOWN.stream().map(Entry::folder).toList())
                            + " with "
                            + MODEL_FILE
                            + " and "
                            + TOKENIZER_FILE);
        }
        found.forEach(Located::requireFiles);
        return found;
    }

    /// What the files do not say about a model.
    ///
    /// @param folder its folder's name
    /// @param id its name
    /// @param aliases its other names
    /// @param maxTokens its longest input, begin and end tokens included
    record Entry(String folder, String id, List<String> aliases, int maxTokens) {}

    /// A model and its folder.
    ///
    /// @param entry the model
    /// @param directory the folder
    record Located(Entry entry, Path directory) {
        Path modelFile() {
            return directory.resolve(MODEL_FILE);
        }

        Path tokenizerFile() {
            return directory.resolve(TOKENIZER_FILE);
        }

        private void requireFiles() {
            for (Path file : List.of(modelFile(), tokenizerFile())) {
                if (!Files.isRegularFile(file)) {
                    throw QuernException.notFound(
                            "embedding model " + entry.id() + " lacks its file " + file);
                }
            }
        }
    }
}
