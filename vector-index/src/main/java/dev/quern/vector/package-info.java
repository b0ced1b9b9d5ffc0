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
/// Lock order: `CollectionService.open` map entry, then `LiveCollection.applying`, then the small
/// lock inside [dev.quern.vector.TokenOrder]. No lock is held across a commit to the log, except
/// the checkpoint's own, which nothing else waits for.
@NullMarked
package dev.quern.vector;

import org.jspecify.annotations.NullMarked;
