package dev.quern.cli.demo;

import dev.quern.cli.Progress;
import dev.quern.cli.VolumeUpload;
import dev.quern.client.LocalServer;
import dev.quern.client.QuernClient;
import dev.quern.client.VolumeFiles;
import dev.quern.common.ByteSize;
import dev.quern.common.wire.CallBody;
import dev.quern.common.wire.CollectionBody;
import dev.quern.common.wire.CommitBody;
import dev.quern.common.wire.CreateCollection;
import dev.quern.common.wire.SearchHit;
import dev.quern.common.wire.SyncCollection;
import dev.quern.common.wire.SyncEvent;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The steps of the demo in order: start, put, sync, ask, run functions, read back by Flight, kill,
/// start again, compare. Each checks what it did and fails with [StepFailed].
final class Demo {
    static final String NAME = "demo";
    private static final String MODEL = "all-MiniLM-L6-v2";
    private static final List<String> MODES = List.of("dense", "bm25", "hybrid");

    private final Narrator narrator;
    private final Path home;
    private final DemoInput input;
    private final Path data;
    private final String launcher = System.getProperty("quern.launcher", "quern");

    Demo(PrintWriter out, Path home, DemoInput input, Path data) {
        this.narrator = new Narrator(out);
        this.home = home;
        this.input = input;
        this.data = data;
    }

    void run() throws IOException {
        VolumeUpload upload = input.upload();
        StepFailed.unless(!upload.paths().isEmpty(), "no files in " + input.source());
        Findings before = workAndKill(upload);
        narrator.done("killed the server (SIGKILL)");
        try (LocalServer second = LocalServer.start(launcher, data);
                QuernClient client = second.connect()) {
            compare(client, upload, before);
        }
        narrator.end();
    }

    private Findings workAndKill(VolumeUpload upload) throws IOException {
        try (LocalServer server = LocalServer.start(launcher, data);
                QuernClient client = server.connect()) {
            narrator.done("started a server on %s, data in %s", server.httpUrl(), data);
            CommitBody commit = put(client, upload);
            SyncEvent sync = index(client, commit);
            ask(client);
            List<CallBody> calls =
                    new DemoFunctions(client, narrator, home).run(commit.id(), upload.paths());
            new DemoFlight(narrator)
                    .readBack(server.flightUrl(), server.token(), client.collections().get(NAME));
            Findings findings = look(client, calls);
            StepFailed.unless(sync.rowsUpserted() <= findings.rows(), "rows are missing");
            server.kill();
            return findings;
        }
    }

    private CommitBody put(QuernClient client, VolumeUpload upload) {
        client.volumes().createIfMissing(NAME);
        VolumeFiles files = client.volumes().files(NAME);
        try (Progress progress = new Progress(narrator.out(), "put")) {
            upload.send(files, progress);
        }
        CommitBody commit = files.commit("demo");
        StepFailed.unless(
                commit.files() >= upload.paths().size(),
                "commit has " + commit.files() + " files, put " + upload.paths().size());
        narrator.done(
                "put %d files, %s, into volume \"%s\" (%.1f MB/s, durable), commit %s",
                upload.paths().size(),
                new ByteSize(upload.totalBytes()),
                NAME,
                upload.totalBytes() / 1e6 / narrator.stepSeconds(),
                commit.id().substring(0, 12));
        return commit;
    }

    private SyncEvent index(QuernClient client, CommitBody commit) {
        client.collections().create(new CreateCollection(NAME, null, null, MODEL, true));
        List<SyncEvent> events = new ArrayList<>();
        try (Progress progress = new Progress(narrator.out(), "embed")) {
            client.collections()
                    .sync(
                            NAME,
                            new SyncCollection(NAME, null, commit.id()),
                            event -> {
                                events.add(event);
                                progress.show(
                                        event.filesDone(),
                                        event.filesTotal(),
                                        event.rowsUpserted() + " passages");
                            });
        }
        SyncEvent done = events.getLast();
        CollectionBody collection = client.collections().get(NAME);
        StepFailed.unless(collection.rows() > 0, "nothing was indexed: " + done.skipped());
        narrator.done(
                "embedded and indexed %d passages of %d files, %d tokens (%.0f tokens/s)",
                done.rowsUpserted(),
                done.filesDone(),
                done.tokens(),
                done.tokens() / Math.max(1e-3, done.seconds()));
        done.skipped().stream().limit(5).forEach(skipped -> narrator.detail("skipped %s", skipped));
        return done;
    }

    private void ask(QuernClient client) {
        List<String> questions = new ArrayList<>(input.questions());
        input.known().forEach(known -> questions.add(known.text()));
        if (questions.isEmpty()) {
            questions.add(DemoSearch.titleOfSomeRow(client));
        }
        DemoSearch search = new DemoSearch(client);
        int found = 0;
        List<Runnable> shown = new ArrayList<>();
        for (String question : questions) {
            for (String mode : MODES) {
                List<SearchHit> hits = search.run(question, mode);
                found += hits.size();
                shown.add(() -> show(question, mode, hits));
                if (mode.equals("hybrid")) {
                    checkKnown(question, hits);
                }
            }
        }
        StepFailed.unless(found > 0, "no question had a hit");
        narrator.done("asked %d questions three ways; hits as file:line", questions.size());
        shown.forEach(Runnable::run);
    }

    private void checkKnown(String question, List<SearchHit> hits) {
        Optional<DemoInput.Known> known =
                input.known().stream().filter(k -> k.text().equals(question)).findFirst();
        StepFailed.unless(
                known.isEmpty()
                        || hits.stream()
                                .anyMatch(hit ->
                                        known.get().file().equals(hit.attributes().get("path"))),
                "\"" + question + "\" did not find " + known.map(DemoInput.Known::file).orElse(""));
    }

    private void show(String question, String mode, List<SearchHit> hits) {
        if (mode.equals(MODES.getFirst())) {
            narrator.detail("\"%s\"", question);
        }
        for (SearchHit hit : hits) {
            narrator.detail(
                    "  %-6s %7.4f  %s  %s",
                    mode, hit.score(), DemoSearch.place(hit), DemoSearch.start(hit));
        }
    }

    private Findings look(QuernClient client, List<CallBody> calls) {
        String question =
                input.questions().isEmpty()
                        ? DemoSearch.titleOfSomeRow(client)
                        : input.questions().getFirst();
        return new Findings(
                client.volumes().get(NAME).head(),
                client.collections().get(NAME).rows(),
                question,
                new DemoSearch(client).run(question, "hybrid"),
                calls);
    }

    private void compare(QuernClient client, VolumeUpload upload, Findings before)
            throws IOException {
        StepFailed.unless(
                client.volumes().get(NAME).head().equals(before.head()), "the volume's head moved");
        for (String path : upload.paths()) {
            Comparison comparison = new Comparison(upload.local(path));
            client.volumes().files(NAME).get(path, comparison);
            StepFailed.unless(comparison.same(), path + " differs from the local file");
        }
        StepFailed.unless(
                client.collections().get(NAME).rows() == before.rows(),
                "the number of rows changed");
        StepFailed.unless(
                new DemoSearch(client).run(before.question(), "hybrid").equals(before.hits()),
                "the same search has other hits");
        for (CallBody call : before.calls()) {
            CallBody again = client.calls().get(call.id());
            StepFailed.unless(
                    again.status().equals("succeeded") && again.output() != null,
                    "call " + call.id() + " is " + again.status());
        }
        narrator.done(
                "started it again: %d files byte for byte, %d rows, the same hits, %d calls with receipts",
                upload.paths().size(), before.rows(), before.calls().size());
    }

    /// What must be the same after the restart.
    private record Findings(
            String head, long rows, String question, List<SearchHit> hits, List<CallBody> calls) {}
}
