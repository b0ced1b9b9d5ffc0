package dev.quern.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/// Real one-line descriptions: `texts.tsv.gz` with the columns name, text, downloads.
final class OneLiners {
    private OneLiners() {}

    /// The texts of the rows from `first` (0 is the row after the header).
    static List<String> texts(BenchContext context, int first, int count) throws IOException {
        Path file = Bench.corpus(context, "one-liners").resolve("texts.tsv.gz");
        List<String> texts = new ArrayList<>(count);
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                new GZIPInputStream(Files.newInputStream(file)),
                                StandardCharsets.UTF_8))) {
            lines.readLine();
            for (int i = 0; texts.size() < count; i++) {
                String line = lines.readLine();
                if (line == null) {
                    break;
                }
                if (i >= first) {
                    texts.add(line.split("\t", -1)[1]);
                }
            }
        }
        return texts;
    }
}
