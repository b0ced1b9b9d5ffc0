package dev.quern.embed;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.vector.Filter;
import dev.quern.vector.Row;
import dev.quern.vector.WriteBatch;
import dev.quern.vector.WriteResult;
import dev.quern.volume.VolumePath;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Takes files and removals in path order, embeds passages across files in groups, and writes the
/// rows file by file in the same order. While groups are embedded on the service's pool, the
/// calling thread reads and splits what follows and writes what is ready; at most [#MAX_GROUPS] are
/// under way, which bounds the memory.
///
/// The rows of a file are replaced in one step, but those of a file of more than [#MAX_STEP_ROWS]
/// rows, which follow in further steps.
///
/// Serves one sync, on one thread. [#close] forgets what is not written.
final class SyncPipeline implements AutoCloseable {
    /// Groups being embedded.
    private static final int MAX_GROUPS = 2;

    /// Passages of a group: enough to keep batches full, few enough to show progress.
    private static final int GROUP_PASSAGES = 128;

    /// Files and removals of a group.
    private static final int GROUP_ITEMS = 1_024;

    private static final int MAX_STEP_ROWS = 2_000;
    private static final int MAX_REMOVALS = 128;

    private final EmbedService embedder;
    private final ModelInfo model;
    private final RowWriter writer;
    private final String volume;
    private final SyncTally tally;
    private final Consumer<VolumePath> written;

    private List<Item> filling = new ArrayList<>();
    private int fillingPassages;
    private final Deque<Group> embedding = new ArrayDeque<>();
    private final List<VolumePath> removals = new ArrayList<>();

    /// @param written told after each group the last path whose rows are durable, all before it too
    SyncPipeline(SyncParts parts, SyncTally tally, Consumer<VolumePath> written) {
        this.embedder = parts.embedder();
        this.model = parts.model();
        this.writer = parts.writer();
        this.volume = parts.volume().name();
        this.tally = tally;
        this.written = written;
    }

    /// Begins a file.
    ///
    /// @param mayHaveRows whether rows of it may be there, to be deleted
    FileWork begin(VolumePath path, boolean mayHaveRows) {
        return new FileWork(path, mayHaveRows);
    }

    /// Takes a file that is gone.
    void remove(VolumePath path) {
        add(new Item.Removal(path));
    }

    /// Writes all that was taken.
    void finish() {
        send();
        while (!embedding.isEmpty()) {
            receive();
        }
    }

    @Override
    public void close() {
        embedding.forEach(group -> group.pending().ifPresent(EmbedService.Pending::cancel));
        embedding.clear();
    }

    private void add(Item item) {
        filling.add(item);
        fillingPassages += item instanceof Item.Part ? 1 : 0;
        if (fillingPassages == GROUP_PASSAGES || filling.size() == GROUP_ITEMS) {
            send();
        }
    }

    private void send() {
        if (filling.isEmpty()) {
            return;
        }
        List<EmbedInput> inputs = new ArrayList<>();
        for (Item item : filling) {
            if (item instanceof Item.Part part) {
                inputs.add(new EmbedInput.Text(part.passage().embedded()));
            }
        }
        Optional<EmbedService.Pending> pending =
                inputs.isEmpty()
                        ? Optional.empty()
                        : Optional.of(embedder.start(model.id(), inputs, true));
        embedding.addLast(new Group(filling, pending));
        filling = new ArrayList<>();
        fillingPassages = 0;
        if (embedding.size() > MAX_GROUPS) {
            receive();
        }
    }

    /// Writes the rows of the group that was sent first.
    private void receive() {
        Group group = embedding.removeFirst();
        Optional<Embeddings> embeddings = group.pending().map(EmbedService.Pending::join);
        tally.tokens += embeddings.map(Embeddings::totalTokens).orElse(0L);
        Optional<VolumePath> last = Optional.empty();
        int next = 0;
        for (Item item : group.items()) {
            switch (item) {
                case Item.Part part -> {
                    float[] vector = embeddings.orElseThrow().vectors()[next++];
                    part.file().add(part.key(), part.passage(), vector);
                }
                case Item.End end -> {
                    writeRemovals();
                    end.file().end();
                    last = Optional.of(end.file().path());
                }
                case Item.Removal removal -> {
                    removals.add(removal.path());
                    if (removals.size() == MAX_REMOVALS) {
                        writeRemovals();
                    }
                    last = Optional.of(removal.path());
                }
            }
        }
        writeRemovals();
        last.ifPresent(written);
    }

    private void writeRemovals() {
        if (!removals.isEmpty()) {
            tally.rowsDeleted += writer.delete(IndexedFile.rowsOf(volume, removals));
            tally.filesDeleted += removals.size();
            tally.filesDone += removals.size();
            removals.clear();
        }
    }

    private sealed interface Item {
        record Part(FileWork file, String key, Passage passage) implements Item {}

        record End(FileWork file) implements Item {}

        record Removal(VolumePath path) implements Item {}
    }

    private record Group(List<Item> items, Optional<EmbedService.Pending> pending) {}

    /// A file on its way through the pipeline.
    final class FileWork implements PassageSink {
        private final IndexedFile file;
        private boolean mayHaveRows;
        private boolean mustReplace;
        private boolean skipped;
        private final List<Row> rows = new ArrayList<>();

        private FileWork(VolumePath path, boolean mayHaveRows) {
            this.file = new IndexedFile(volume, path);
            this.mayHaveRows = mayHaveRows;
            this.mustReplace = mayHaveRows;
        }

        VolumePath path() {
            return file.path();
        }

        @Override
        public void passage(String key, Passage passage) {
            SyncPipeline.this.add(new Item.Part(this, key, passage));
        }

        @Override
        public void skippedFrom(int line, String reason) {
            tally.skip(path() + ":" + line, reason);
        }

        /// Leaves the file out, with what was read of it and the rows that it may have had.
        void skip(String reason) {
            skipped = true;
            rows.clear();
            tally.filesSkipped++;
            tally.skip(path().value(), reason);
        }

        /// Says that all passages were given.
        void complete() {
            SyncPipeline.this.add(new Item.End(this));
        }

        private void add(String key, Passage passage, float[] vector) {
            if (!skipped) {
                rows.add(file.row(key, passage, vector));
                if (rows.size() == MAX_STEP_ROWS) {
                    write();
                }
            }
        }

        private void end() {
            if (!skipped && (mustReplace || !rows.isEmpty())) {
                write();
            }
            if (skipped && mayHaveRows) {
                tally.rowsDeleted += writer.delete(rowsOfThis());
            }
            tally.filesDone++;
        }

        /// The first write of a file replaces the rows that it may have had.
        private void write() {
            Optional<Filter> old = mustReplace ? Optional.of(rowsOfThis()) : Optional.empty();
            mustReplace = false;
            mayHaveRows = true;
            try {
                WriteResult result = writer.write(new WriteBatch(rows, List.of(), old));
                tally.rowsUpserted += result.upserted();
                tally.rowsDeleted += result.deleted();
                rows.clear();
            } catch (QuernException e) {
                // What the collection does not take must not keep the other files out.
                if (e.kind() != ErrorKind.INVALID) {
                    throw e;
                }
                skip(String.valueOf(e.getMessage()));
            }
        }

        private Filter rowsOfThis() {
            return IndexedFile.rowsOf(volume, List.of(path()));
        }
    }
}
