package dev.quern.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.client.QuernClient;
import dev.quern.client.QuernClientBuilder;
import dev.quern.common.QuernException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The options that every client verb has, and the way it prints: a table for people, or JSON.
final class Terminal {
    private static final ObjectMapper JSON =
            new ObjectMapper()
                    .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                    .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS);

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "server; default QUERN_URL or http://127.0.0.1:7700")
    private @Nullable String url;

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            description = "default QUERN_TOKEN or ~/.quern/admin.token")
    private @Nullable String token;

    @Option(names = "--json", description = "print JSON, one document or one a line")
    private boolean json;

    /// Opens a client for the server that the options name.
    @MustBeClosed
    QuernClient connect() {
        QuernClientBuilder builder = QuernClient.builder();
        if (url != null) {
            builder.url(url);
        }
        if (token != null) {
            builder.token(token);
        }
        return builder.build();
    }

    /// Where the options point, as another process takes it from its environment.
    Map<String, String> place() {
        Map<String, String> place = new TreeMap<>();
        if (url != null) {
            place.put("QUERN_URL", url);
        }
        if (token != null) {
            place.put("QUERN_TOKEN", token);
        }
        return place;
    }

    boolean json() {
        return json;
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /// Prints a value as one line of JSON when asked to, else the text.
    void print(Object value, String text) {
        out().println(json ? write(value) : text);
        out().flush();
    }

    /// Prints a value as JSON, whatever was asked for.
    void printJson(Object value) {
        out().println(write(value));
        out().flush();
    }

    /// Prints a list: JSON of `value`, or a table with a header.
    ///
    /// @param rows cells by row; all rows as wide as the header
    void printTable(Object value, List<String> header, List<List<String>> rows) {
        if (json) {
            printJson(value);
            return;
        }
        List<List<String>> all = new ArrayList<>();
        all.add(header);
        all.addAll(rows);
        int[] widths = new int[header.size()];
        for (List<String> row : all) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (List<String> row : all) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                line.append(row.get(i)).repeat(" ", widths[i] - row.get(i).length() + 2);
            }
            out().println(line.toString().stripTrailing());
        }
        out().flush();
    }

    /// A line for people on stderr; nothing with `--json`.
    void note(String text) {
        if (!json) {
            err().println(text);
            err().flush();
        }
    }

    static String write(@Nullable Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw QuernException.internal("cannot write " + Objects.toString(value), e);
        }
    }

    /// Reads JSON that the user gave.
    ///
    /// @throws QuernException `INVALID` naming the place and what Jackson expected
    static <T> T read(String place, String text, Class<T> type) {
        try {
            return JSON.readValue(text, type);
        } catch (JsonProcessingException e) {
            throw QuernException.invalid(place + ": not valid JSON: " + e.getOriginalMessage());
        }
    }
}
