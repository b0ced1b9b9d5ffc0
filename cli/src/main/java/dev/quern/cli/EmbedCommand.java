package dev.quern.cli;

import dev.quern.client.QuernClient;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern embed`: vectors of texts, one JSON line each.
@Command(
        name = "embed",
        description = "Embeds texts and prints a line of JSON for each: {text, vector}.",
        mixinStandardHelpOptions = true)
final class EmbedCommand implements Callable<Integer> {
    @Mixin private Terminal terminal = new Terminal();

    @Option(names = "--model", description = "default ${DEFAULT-VALUE}")
    private String model = "all-MiniLM-L6-v2";

    @Parameters(arity = "1..*", paramLabel = "TEXT")
    private List<String> texts = List.of();

    @Override
    public Integer call() {
        try (QuernClient client = terminal.connect()) {
            List<float[]> vectors = client.models().embed(model, texts);
            for (int i = 0; i < texts.size(); i++) {
                terminal.printJson(Map.of("text", texts.get(i), "vector", vectors.get(i)));
            }
        }
        return ExitCode.OK.status();
    }
}
