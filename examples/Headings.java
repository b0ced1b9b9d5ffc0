import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// A Java function: any public method whose parameters and result are JSON. It needs nothing of Quern.
public final class Headings {
    /// The headings of a Markdown file in the volume that is mounted at /data.
    public static Map<String, Object> list(String path) throws IOException {
        List<String> headings =
                Files.readAllLines(Path.of("/data", path)).stream()
                        .filter(line -> line.matches("#{1,6} .*"))
                        .map(line -> line.replaceFirst("#+ ", ""))
                        .toList();
        return Map.of("path", path, "headings", headings.size(), "first", headings.isEmpty() ? "" : headings.getFirst());
    }
}
