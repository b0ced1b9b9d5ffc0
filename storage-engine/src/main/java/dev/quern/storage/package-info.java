/// The two durable primitives under everything: [dev.quern.storage.ChunkStore] for bytes and
/// [dev.quern.storage.MetaLog] for facts. Rule of the house: bytes first, then the pointer. An
/// operation puts its chunks, syncs, then commits one transaction that names them; a crash between
/// the two leaves only garbage, never a dangling pointer.
///
/// [dev.quern.storage.StorageEngine] opens both on one directory:
///
/// | path | what | when it is lost |
/// |---|---|---|
/// | `lock` | held while an engine is open | made again |
/// | `chunks/packs/*.pack` | the bytes, in packs that can be read without anything else | its chunks are gone |
/// | `chunks/index/` | RocksDB: where each chunk lies | built again from the packs at open |
/// | `facts/` | RocksDB: the facts, with the index of the last transaction | they are gone |
/// | `chunks-tier/` | in place of `chunks/`, where the chunks are in a [dev.quern.storage.Tier]: staging, index, cache | what no sync was asked for |
/// | `backup-last` | the manifest of the last backup | packs are hashed again by the next |
/// | `RESTORING` | a restore is not finished; no engine opens the directory | |
///
/// Invariants: an acknowledged sync or commit is on the disk; the chunk index never names bytes
/// that are not; nothing is read that does not match its checksums; a chunk or a fact of one space
/// is never seen from another.
///
/// Lock order: `PackChunkStore.syncLock`, then the monitor of `PackAppender`, then that of a
/// `Pack`, then the read-write lock of a `Rocks`. The monitor of `EmbeddedMetaLog` guards only its
/// queue, with nothing taken under it; a commit looks chunks up before it queues.
@NullMarked
package dev.quern.storage;

import org.jspecify.annotations.NullMarked;
