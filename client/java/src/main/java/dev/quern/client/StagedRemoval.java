package dev.quern.client;

import dev.quern.common.wire.CommitBody;
import org.jspecify.annotations.Nullable;

/// Answer to a removal.
///
/// @param removed files
/// @param commit when the request asked to commit at once
record StagedRemoval(int removed, @Nullable CommitBody commit) {}
