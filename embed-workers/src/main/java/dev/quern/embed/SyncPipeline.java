package dev.quern.embed;

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
/// Serves one step of a sync, on one thread. [#close] forgets what is not written.
final class SyncPipeline implements AutoCloseable {
    /// Groups being embedded.
    private static final int MAX_GROUPS = 2;

    /// Passages, files and removals of a group.
    private static final int GROUP_ITEMS = 1_024;

    private final EmbedService embedder;
    private final ModelInfo model;
    private final String volume;
    private final int groupPassages;
    private final SyncTally tally;
    private final RowBatcher batcher;
    private final Consumer<VolumePath> written;

    private List<Item> filling = new ArrayList<>();
    private int fillingPassages;
    private final Deque<Group> embedding = new ArrayDeque<>();

    /// @param written told after each group the last path whose rows are durable, all before it too
    SyncPipeline(SyncParts parts, SyncTally tally, Consumer<VolumePath> written) {
        this.embedder = parts.embedder();
        this.model = parts.model();
        this.volume = parts.volume().name();
        this.groupPassages = parts.limits().groupPassages();
        this.tally = tally;
        this.batcher = new RowBatcher(parts.writer(), volume, tally);
        this.written = written;
    }

    /// Begins a file.
    ///
    /// @param mayHaveRows whether rows of it may be there, to be deleted
    FileWork begin(VolumePath path, boolean mayHaveRows) {
        return new FileWork(new FileRows(new IndexedFile(volume, path), mayHaveRows));
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
        if (fillingPassages == groupPassages || filling.size() == GROUP_ITEMS) {
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
                    part.rows().add(part.key(), part.passage(), vector);
                    batcher.grown(part.rows());
                }
                case Item.End end -> {
                    batcher.ended(end.rows());
                    last = Optional.of(end.rows().path());
                }
                case Item.Removal removal -> {
                    batcher.removed(removal.path());
                    last = Optional.of(removal.path());
                }
            }
        }
        batcher.flush();
        last.ifPresent(written);
    }

    private sealed interface Item {
        record Part(FileRows rows, String key, Passage passage) implements Item {}

        record End(FileRows rows) implements Item {}

        record Removal(VolumePath path) implements Item {}
    }

    private record Group(List<Item> items, Optional<EmbedService.Pending> pending) {}

    /// What a reader of one file gives to the pipeline.
    final class FileWork implements PassageSink {
        private final FileRows rows;

        private FileWork(FileRows rows) {
            this.rows = rows;
        }

        @Override
        public void passage(String key, Passage passage) {
            add(new Item.Part(rows, key, passage));
        }

        @Override
        public void skippedFrom(int line, String reason) {
            tally.skip(rows.path() + ":" + line, reason);
        }

        /// Leaves the file out.
        void skip(String reason) {
            tally.skipFile(rows, reason);
        }

        /// Says that all passages were given.
        void complete() {
            add(new Item.End(rows));
        }
    }
}
