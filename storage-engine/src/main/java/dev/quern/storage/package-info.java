/// The two durable primitives under everything: [dev.quern.storage.ChunkStore] for bytes and
/// [dev.quern.storage.MetaLog] for facts. Rule of the house: bytes first, then the pointer. An
/// operation puts its chunks, syncs, then commits one transaction that names them; a crash between
/// the two leaves only garbage, never a dangling pointer.
@NullMarked
package dev.quern.storage;

import org.jspecify.annotations.NullMarked;
