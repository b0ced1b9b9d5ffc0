package dev.quern.cli;

import dev.quern.client.QuernClient;
import dev.quern.common.wire.CallBody;
import dev.quern.common.wire.CallError;
import dev.quern.common.wire.Receipt;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `quern call ...`: what became of calls.
@Command(
        name = "call",
        description = "Shows calls: results, logs, receipts.",
        mixinStandardHelpOptions = true)
final class CallCommand {
    @Command(description = "Lists calls, newest first.", mixinStandardHelpOptions = true)
    int list(
            @Mixin Terminal terminal,
            @Option(names = "--function", description = "only its calls") @Nullable String function,
            @Option(
                            names = "--limit",
                            defaultValue = "20",
                            description = "default ${DEFAULT-VALUE}")
                    int limit) {
        try (QuernClient client = terminal.connect()) {
            List<CallBody> calls = client.calls().list(Optional.ofNullable(function), limit);
            terminal.printTable(
                    Map.of("calls", calls),
                    List.of("CALL", "FUNCTION", "VERSION", "STATUS", "CREATED", "RUN MS"),
                    calls.stream().map(CallCommand::row).toList());
        }
        return 0;
    }

    private static List<String> row(CallBody call) {
        Receipt receipt = call.receipt();
        return List.of(
                call.id(),
                call.function(),
                Integer.toString(call.version()),
                call.status(),
                call.createdAt(),
                receipt == null ? "-" : String.format(Locale.ROOT, "%.1f", receipt.runMs()));
    }

    @Command(
            description = "Waits for a call and prints its output; its logs go to stderr.",
            mixinStandardHelpOptions = true)
    int get(
            @Mixin Terminal terminal,
            @Parameters(paramLabel = "CALL") String id,
            @Option(
                            names = "--wait",
                            paramLabel = "SECONDS",
                            defaultValue = "0",
                            description = "default ${DEFAULT-VALUE}")
                    long waitSeconds) {
        try (QuernClient client = terminal.connect()) {
            CallBody call = client.calls().await(id, Duration.ofSeconds(waitSeconds));
            return printResult(terminal, client, call);
        }
    }

    @Command(description = "Prints the end of a call's logs.", mixinStandardHelpOptions = true)
    int logs(@Mixin Terminal terminal, @Parameters(paramLabel = "CALL") String id) {
        try (QuernClient client = terminal.connect()) {
            CallBody call = client.calls().get(id);
            String logs = Optional.ofNullable(call.logs()).orElse("");
            terminal.print(Map.of("logs", logs), logs.stripTrailing());
        }
        return 0;
    }

    @Command(description = "Ends a call.", mixinStandardHelpOptions = true)
    int cancel(@Mixin Terminal terminal, @Parameters(paramLabel = "CALL") String id) {
        try (QuernClient client = terminal.connect()) {
            CallBody call = client.calls().cancel(id);
            terminal.print(call, call.id() + " " + call.status());
        }
        return 0;
    }

    /// Prints what a call came to.
    ///
    /// @return the exit status: 0, 6 when it has not ended, 7 when it did not succeed
    static int printResult(Terminal terminal, QuernClient client, CallBody call) {
        String logs = call.logs();
        if (logs != null && !logs.isEmpty()) {
            terminal.note(logs.stripTrailing());
        }
        CallError error = call.error();
        if (error != null) {
            if (terminal.json()) {
                terminal.printJson(call);
            }
            terminal.note(error.traceback().stripTrailing());
            terminal.note(
                    "quern: call "
                            + call.id()
                            + " "
                            + call.status()
                            + " ("
                            + error.reason()
                            + "): "
                            + (error.type().isEmpty() ? "" : error.type() + ": ")
                            + error.message());
            return ExitCode.CALL_FAILED.status();
        }
        if (!call.status().equals("succeeded")) {
            terminal.print(call, call.id() + " " + call.status());
            return ExitCode.TRY_AGAIN.status();
        }
        if (terminal.json()) {
            terminal.printJson(call);
        } else {
            terminal.printJson(client.calls().output(call, Object.class));
        }
        return 0;
    }
}
