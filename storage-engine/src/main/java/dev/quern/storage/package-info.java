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
/// | `facts/log/*.log` | the transactions, as far back as is retained | those since the last flush are gone |
/// | `facts/` | RocksDB: the facts as the log led to them | they are gone, unless the log goes back to its first entry |
///
/// Invariants: an acknowledged sync or commit is on the disk; the chunk index never names bytes
/// that are not; nothing is read that does not match its checksums; a chunk or a fact of one space
/// is never seen from another.
///
/// What no fact needs is garbage: owners of facts register their [dev.quern.storage.ChunkRoots],
/// and [dev.quern.storage.Maintenance] removes what none of them reports, compacts packs, checks
/// and repairs. It decides on what it has read and changes only what is still so; no lock is held
/// meanwhile.
///
/// Lock order: `PackChunkStore.syncLock`, then the monitor of `PackAppender`, then that of a
/// `Pack`, then the read-write lock of a `Rocks`. The monitors of the MetaLog (its queue, its
/// position, its open views and watches, a watch's own, a segment's mapping) guard small things;
/// under a watch's own the position's and a segment's are taken, under the others none but a
/// `Rocks`. A commit looks chunks up before it queues.
@NullMarked
package dev.quern.storage;

import org.jspecify.annotations.NullMarked;
