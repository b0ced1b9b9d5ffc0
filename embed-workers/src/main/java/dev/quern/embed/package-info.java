/// Text into vectors: embedding models, the splitter of files into passages, and indexes kept in
/// step with volumes. Entry types: [dev.quern.embed.EmbedService], [dev.quern.embed.VolumeIndexer],
/// [dev.quern.embed.CollectionText].
///
/// Invariants:
/// - the vector of a text depends on the text and the model alone, never on what was embedded
///   beside it (fp32; to rounding);
/// - every vector is of unit length;
/// - native work (tokenizing, inference) of a request runs on the service's own fixed pool, one
///   platform thread a core, each running single-threaded inference on the one shared session;
/// - what waits for the pool is bounded, and a request waits for at most one batch of each request
///   that came before it;
/// - rows of a file are replaced before the sync that replaced them says so: a crash repeats work,
///   it never leaves rows of a file that the index is not recorded to hold.
///
/// Locks: [dev.quern.embed.BatchQueue] has the only one; nothing is called while it is held.
@NullMarked
package dev.quern.embed;

import org.jspecify.annotations.NullMarked;
