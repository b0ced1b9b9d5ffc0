package dev.quern.cli.demo;

import dev.quern.client.Collections;
import dev.quern.client.QuernClient;
import dev.quern.common.wire.RowBody;
import dev.quern.common.wire.SearchHit;
import dev.quern.common.wire.SearchRows;
import java.util.List;
import java.util.Optional;

/// Searches of the demo.
final class DemoSearch {
    private static final int HITS = 3;
    private static final int SHOWN = 60;

    private final QuernClient client;

    DemoSearch(QuernClient client) {
        this.client = client;
    }

    List<SearchHit> run(String question, String mode) {
        SearchRows request = new SearchRows(mode, question, null, HITS, null, null, null);
        return client.collections().search(Demo.NAME, request).hits();
    }

    /// The first words of the first row: a question that any input can answer.
    static String titleOfSomeRow(QuernClient client) {
        List<RowBody> rows =
                client.collections()
                        .rows(Demo.NAME, new Collections.Page(Optional.empty(), 1, false))
                        .rows();
        String text = rows.isEmpty() ? null : rows.getFirst().text();
        return text == null ? "quern" : cut(text);
    }

    static String place(SearchHit hit) {
        Object path = hit.attributes().getOrDefault("path", hit.id());
        return path + ":" + hit.attributes().getOrDefault("line", 1);
    }

    static String start(SearchHit hit) {
        return cut(Optional.ofNullable(hit.text()).orElse(""));
    }

    private static String cut(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= SHOWN ? line : line.substring(0, SHOWN);
    }
}
