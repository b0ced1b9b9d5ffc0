/// Collections: rows of an id, a text, typed attributes and one vector, searched by vector, by text
/// and by both, on Lucene. Entry type: [dev.quern.vector.CollectionService].
///
/// Invariants:
/// - A write that returned is durable (a fact, or a chunk that a fact names) and every search that
///   begins later sees it, whole.
/// - The Lucene directory is a cache: checkpoint (chunks) + tail (facts) rebuild it, so deleting it
///   loses nothing.
/// - Batches reach Lucene in the order of their tokens (log indexes). Applying any suffix of the
///   log twice gives the same rows, so a Lucene commit may be ahead of the token that it names.
///
/// - A name means one collection at any time; a write lands in the one that its name means when the
///   log takes it. A snapshot has every write acknowledged before it was asked for and none in
///   part.
///
/// Segments that merges made have fused graphs ([dev.quern.vector.fused.FusedVectorsFormat]), or
/// Lucene's where these would be too large ([dev.quern.vector.QuernVectorsFormat]). While writes
/// come, Lucene's tiers say what is merged; when they cease, [dev.quern.vector.MergePlanner] does.
///
/// Threads: callers come on virtual threads and wait for the log; searching, opening and applying
/// run on small named pools ([dev.quern.vector.CpuPool]), merges and checkpoints on pools of their
/// own; a timer looks for idle collections ([dev.quern.vector.IdleMerger]).
///
/// Lock order: a slot's lock in `OpenSnapshots`, then one in `OpenCollections`, then the monitor of
/// the [dev.quern.vector.OpenCache]; a collection's [dev.quern.vector.RowLocks], in their order;
/// its `typing`; `Checkpointer.saving`, then [dev.quern.vector.ShownIndex]'s `applying`, then the
/// monitors of [dev.quern.vector.TokenOrder] and `Checkpointer`. Only row locks, `typing` and
/// `saving` are held across a commit to the log, where no search waits for them, and of the writes
/// of known attributes only those that change the rows of a write that depends on rows
/// ([dev.quern.vector.ConditionalWrites]); and a slot's lock across the commit of a rollback, for
/// which all of them do wait.
@NullMarked
package dev.quern.vector;

import org.jspecify.annotations.NullMarked;
