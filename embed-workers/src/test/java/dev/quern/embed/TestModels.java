package dev.quern.embed;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The models folder that the build unpacks, and short ways to use it.
final class TestModels {
    static final Path DIRECTORY = Path.of("target", "models");
    static final String MINILM = "all-MiniLM-L6-v2";

    private TestModels() {}

    static List<EmbedInput> texts(String... texts) {
        return texts(List.of(texts));
    }

    static List<EmbedInput> texts(List<String> texts) {
        List<EmbedInput> inputs = new ArrayList<>();
        texts.forEach(text -> inputs.add(new EmbedInput.Text(text)));
        return inputs;
    }

    static double cosine(float[] a, float[] b) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return dot / Math.sqrt(aa * bb);
    }
}
