package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkStore;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.Txn;
import dev.quern.vector.SnapshotFormat.Kept;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Snapshots of collections, as facts. Thread-safe.
final class Snapshots {
    private static final int SCAN_FACTS = 1_000;

    private final ChunkStore chunks;
    private final MetaLog facts;
    private final Companions companions;

    Snapshots(ChunkStore chunks, MetaLog facts, Companions companions) {
        this.chunks = chunks;
        this.facts = facts;
        this.companions = companions;
    }

    Optional<Kept> find(Definition definition, String name) {
        Names.require("snapshot", name);
        return facts.find(definition.space(), key(definition, name)).map(SnapshotFormat::decode);
    }

    Kept get(Definition definition, String name) {
        return find(definition, name).orElseThrow(() -> notFound(definition, name));
    }

    static QuernException notFound(Definition definition, String name) {
        return QuernException.notFound(
                "collection \""
                        + definition.name()
                        + "\" has no snapshot \""
                        + Names.abbreviate(name)
                        + "\"");
    }

    /// In name order.
    List<Kept> list(Definition definition) {
        List<Kept> all = new ArrayList<>();
        Optional<Key> after = Optional.empty();
        List<MetaLog.Fact> page;
        do {
            page =
                    facts.scan(
                            definition.space(), Keys.snapshots(definition.id()), after, SCAN_FACTS);
            page.forEach(fact -> all.add(SnapshotFormat.decode(fact)));
            after = page.isEmpty() ? after : Optional.of(page.getLast().key());
        } while (page.size() == SCAN_FACTS);
        return all;
    }

    /// Adds to a transaction that a snapshot comes into being.
    void put(Txn.Builder txn, Definition definition, Kept kept) {
        Key key = key(definition, kept.name());
        txn.when(new Txn.Condition.Absent(key))
                .put(key, SnapshotFormat.encode(kept))
                .require(kept.schema())
                .require(kept.checkpoint().manifest());
    }

    /// The condition that a snapshot is still there.
    static Txn.Condition exists(Definition definition, Kept kept) {
        return new Txn.Condition.Version(key(definition, kept.name()), kept.version());
    }

    /// Stores a schema as a chunk.
    ChunkId putSchema(Definition definition, Schema schema) {
        byte[] bytes = SchemaFormat.encode(schema);
        return chunks.put(definition.space(), MemorySegment.ofArray(bytes)).id();
    }

    /// The fields that a snapshot's rows may have.
    Schema schema(Definition definition, Kept kept) {
        return SchemaFormat.decode(
                definition,
                new MetaLog.Fact(
                        key(definition, kept.name()),
                        kept.version(),
                        schemaBytes(definition, kept)));
    }

    byte[] schemaBytes(Definition definition, Kept kept) {
        return schemaBytes(definition, kept.what(), kept.schema());
    }

    private byte[] schemaBytes(Definition definition, String what, ChunkId id) {
        try {
            return chunks.read(definition.space(), id);
        } catch (QuernException e) {
            throw WriteLog.unreadable(
                    "collection \"" + definition.name() + "\", " + what + ", schema", e);
        }
    }

    /// The fields in a chunk that [#putSchema] gave.
    ///
    /// @param what names what has them
    Schema schema(Definition definition, String what, ChunkId id) {
        return SchemaFormat.decode(
                definition,
                new MetaLog.Fact(
                        Keys.schema(definition.id()), 0, schemaBytes(definition, what, id)));
    }

    /// The fields that the rows of a state may have.
    Schema schema(Definition definition, KeptState state) {
        return switch (state) {
            case Kept kept -> schema(definition, kept);
            case KeptState.Past past -> past.schema();
        };
    }

    void delete(Definition definition, Kept kept) {
        Txn.Builder txn =
                Txn.in(definition.space())
                        .when(exists(definition, kept))
                        .delete(key(definition, kept.name()));
        companions.delete(txn, Companions.owner(definition, kept.name()));
        try {
            facts.commit(txn.build());
        } catch (QuernException e) {
            throw e.kind() == ErrorKind.CONFLICT ? notFound(definition, kept.name()) : e;
        }
    }

    private static Key key(Definition definition, String name) {
        return Keys.snapshots(definition.id()).child(name);
    }
}
