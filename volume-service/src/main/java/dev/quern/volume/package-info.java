/// Versioned file trees: `ref -> commit -> Merkle directories -> files -> chunks`. The entry type
/// is [dev.quern.volume.VolumeService].
///
/// Invariants:
///
/// - Bytes first, then the pointer: a fact names only chunks that a sync has made durable.
/// - Commits, directory nodes and chunk lists are chunks and never change; equal directories have
///   equal nodes, whatever their history. Their bytes are specified on [CommitFormat],
///   [DirectoryFormat] and [ChunkListFormat], those of the facts on [VolumeFormat] and
///   [StagedFormat].
/// - A head moves only by compare-and-set, in the transaction that cuts the session's log.
/// - Every path is a [dev.quern.volume.VolumePath]; decoders check names by the same rule.
/// - Nothing here holds a file, a history or a listing whole in memory; staged changes are, up to
///   their bound.
@NullMarked
package dev.quern.volume;

import org.jspecify.annotations.NullMarked;
