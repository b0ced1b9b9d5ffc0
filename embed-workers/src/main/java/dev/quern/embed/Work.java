package dev.quern.embed;

import java.util.List;

/// What a worker does in one turn.
sealed interface Work {
    /// Tokenize some inputs of a request.
    ///
    /// @param request whose
    /// @param from the first input
    /// @param to after the last
    record Slice(EmbedRequest request, int from, int to) implements Work {}

    /// Embed inputs of one or more requests together.
    ///
    /// @param model the model of all of them
    /// @param slots one or more
    record Batch(LoadedModel model, List<Slot> slots) implements Work {
        TokenBatch tokens() {
            return new TokenBatch(
                    slots.stream().map(slot -> slot.request().ids(slot.position())).toList());
        }
    }

    /// An input of a request.
    ///
    /// @param request whose
    /// @param position which of its inputs
    record Slot(EmbedRequest request, int position) {}
}
