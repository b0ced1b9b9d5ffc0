package dev.quern.embed;

import java.util.List;
import java.util.Optional;

/// A stretch of a text that passages do not cross.
///
/// @param heading the headings it stands under, joined
/// @param start offset of its first character
/// @param end offset after its last
/// @param blocks its paragraphs and code fences, in order, not overlapping; what lies between them
///   is blank
record Section(Optional<String> heading, int start, int end, List<Block> blocks) {
    Section {
        blocks = List.copyOf(blocks);
    }

    /// A paragraph or a code fence.
    ///
    /// @param start offset of its first line
    /// @param end offset after its last line
    /// @param fence whether it is a code fence
    record Block(int start, int end, boolean fence) {}
}
