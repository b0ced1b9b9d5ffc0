package dev.quern.embed;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/// The inputs of one caller on their way through the [BatchQueue]: first tokenized in slices, then,
/// longest first, embedded in batches with those of other callers.
///
/// The methods named `take...` and `note...`, and what they count, are called only under the
/// queue's lock. An element of the arrays is written by the one worker that took it, and read by
/// others only after that worker has gone through the lock again (ids) or through `left` (vectors).
final class EmbedRequest {
    /// Inputs tokenized in one turn; about 10 ms of short ones.
    static final int SLICE_INPUTS = 64;

    private final LoadedModel model;
    private final List<EmbedInput> inputs;
    private final int[][] ids;
    private final float[][] vectors;
    private final AtomicInteger truncated = new AtomicInteger();
    private final AtomicInteger left;
    private final CompletableFuture<Embeddings> result = new CompletableFuture<>();

    private int tokenizingFrom;
    private int tokenized;
    private List<Integer> longestFirst = List.of();
    private int batched;

    EmbedRequest(LoadedModel model, List<EmbedInput> inputs) {
        this.model = model;
        this.inputs = inputs;
        this.ids = new int[inputs.size()][];
        this.vectors = new float[inputs.size()][];
        this.left = new AtomicInteger(inputs.size());
    }

    LoadedModel model() {
        return model;
    }

    int size() {
        return inputs.size();
    }

    /// Completed when every input has its vector, or with the first failure.
    CompletableFuture<Embeddings> result() {
        return result;
    }

    /// Inputs that no batch has taken yet.
    int waiting() {
        return inputs.size() - batched;
    }

    boolean hasSlice() {
        return tokenizingFrom < inputs.size();
    }

    boolean isTokenized() {
        return tokenized == inputs.size();
    }

    Work.Slice takeSlice() {
        int to = Math.min(inputs.size(), tokenizingFrom + SLICE_INPUTS);
        Work.Slice slice = new Work.Slice(this, tokenizingFrom, to);
        tokenizingFrom = to;
        return slice;
    }

    /// Counts a slice as tokenized.
    ///
    /// @return tokens of the whole request if that was the last slice, else 0
    long noteTokenized(Work.Slice slice) {
        tokenized += slice.to() - slice.from();
        if (!isTokenized()) {
            return 0;
        }
        List<Integer> positions = new ArrayList<>(ids.length);
        long tokens = 0;
        for (int i = 0; i < ids.length; i++) {
            positions.add(i);
            tokens += ids[i].length;
        }
        positions.sort(Comparator.comparingInt((Integer i) -> ids[i].length).reversed());
        longestFirst = positions;
        return tokens;
    }

    /// Tokens of the longest input not yet in a batch; only when tokenized and [#waiting].
    int nextTokens() {
        return ids[longestFirst.get(batched)].length;
    }

    Work.Slot takeNext() {
        return new Work.Slot(this, longestFirst.get(batched++));
    }

    /// Tokenizes the inputs of a slice; without the lock.
    void tokenize(Work.Slice slice) {
        Tokenizer tokenizer = model.tokenizer();
        int maxTokens = model.info().maxTokens();
        for (int i = slice.from(); i < slice.to(); i++) {
            Tokenizer.Ids encoded =
                    switch (inputs.get(i)) {
                        case EmbedInput.Text text -> tokenizer.encode(text.text(), maxTokens);
                        case EmbedInput.Tokens given -> tokenizer.accept(given.ids(), maxTokens);
                    };
            ids[i] = encoded.ids();
            if (encoded.truncated()) {
                truncated.incrementAndGet();
            }
        }
    }

    int[] ids(int position) {
        return ids[position];
    }

    /// Gives an input its vector; without the lock.
    void complete(int position, float[] vector) {
        vectors[position] = vector;
        if (left.decrementAndGet() == 0) {
            int[] tokens = new int[ids.length];
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] = ids[i].length;
            }
            result.complete(
                    new Embeddings(vectors, tokens, truncated.get(), model.info().digest()));
        }
    }

    void fail(Throwable cause) {
        result.completeExceptionally(cause);
    }
}
