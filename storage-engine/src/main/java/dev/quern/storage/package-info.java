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
/// | `chunks/packs/*.run`, `*.idx` | the bytes of one big file each, and which chunks they are | its chunks are gone |
/// | `chunks/index/` | RocksDB: where each chunk lies | built again from the packs at open |
/// | `facts/log/*.log` | the transactions, as far back as is retained | those since the last flush are gone |
/// | `facts/log/group.copy` | the last transactions, while they are written again in their place | they are gone if that was torn |
/// | `facts/` | RocksDB: the facts as the log led to them | they are gone, unless the log goes back to its first entry |
/// | `chunks-tier/` | in place of `chunks/`, where the chunks are in a [dev.quern.storage.Tier]: staging, index, cache, its name as a member | what no sync was asked for; the member stays in the tier |
/// | `backup-last` | the manifest of the last backup | packs are hashed again by the next |
/// | `RESTORING` | a restore is not finished; no engine opens the directory | |
///
/// Invariants: an acknowledged sync or commit is on the disk; the chunk index never names bytes
/// that are not; nothing is read that does not match its checksums; a chunk or a fact of one space
/// is never seen from another.
///
/// What no fact needs is garbage: owners of facts register their [dev.quern.storage.ChunkRoots],
/// and [dev.quern.storage.Maintenance] removes what none of them reports, compacts packs, checks
/// and repairs. It decides on what it has read and changes only what is still so; no lock is held
/// meanwhile. Each run, and each backup, is one of [dev.quern.storage.Operations], where it tells
/// how far it is and can be cancelled.
///
/// With an operator key the bodies of new chunks are encrypted (AES-256-GCM, under a data key of
/// their space). Not encrypted are: chunks that were there before, the ids of chunks (the SHA-256
/// of their bytes before encryption: who has the files can tell whether they hold bytes that he
/// knows), their lengths and spaces, and all facts, among them names, attributes and the tails of
/// collections. Data keys are facts, wrapped by the operator key.
///
/// Memory that grows with the number of chunks: none but the block cache, which has a bound; the
/// index is on disk, at about 80 bytes a chunk. At most 65,536 chunks that wait for a sync, and
/// those of runs that are complete, are kept on the heap, at about 300 bytes each. Opening a store
/// reads the state of each pack, and only of packs that were open at a crash the chunks.
///
/// Lock order: `PackChunkStore.syncLock`, then the monitor of `PackAppender`, then that of a
/// `Pack`, then the read-write lock of a `RocksHandle`. The monitors of the MetaLog (its queue, its
/// position, its open views and watches, a watch's own, a segment's mapping) guard small things;
/// under a watch's own the position's and a segment's are taken, under the others none but a
/// `RocksHandle`. A commit looks chunks up before it queues. The monitor of `KeyRing` is taken with
/// no other held, and held over a commit.
@NullMarked
package dev.quern.storage;

import org.jspecify.annotations.NullMarked;
