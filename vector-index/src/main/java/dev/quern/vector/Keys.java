package dev.quern.vector;

import dev.quern.storage.Key;

/// Where a collection's facts lie.
///
/// | key | value |
/// |---|---|
/// | `vector/collection/NAME` | [DefinitionFormat] |
/// | `vector/alias/NAME` | [AliasFormat]; no collection has this name |
/// | `vector/attributes/ID` | [SchemaFormat]: all fields, not only the attributes of version 1 |
/// | `vector/checkpoint/ID` | [CheckpointFormat]; absent before the first checkpoint |
/// | `vector/snapshot/ID/NAME` | [SnapshotFormat] |
/// | `vector/tail/ID/INDEX/POSITION` | [TailFormat], one per write since the checkpoint, or since the first point of the history |
/// | `vector/history/ID/TOKEN` | [HistoryFormat], a point |
/// | `vector/window/ID` | [WindowFormat]; absent: the default |
final class Keys {
    static final Key DEFINITIONS = Key.of("vector", "collection");
    static final Key CHECKPOINTS = Key.of("vector", "checkpoint");
    static final Key ALIASES = Key.of("vector", "alias");
    static final Key SNAPSHOTS = Key.of("vector", "snapshot");
    static final Key TAILS = Key.of("vector", "tail");
    static final Key HISTORIES = Key.of("vector", "history");

    private Keys() {}

    static Key definition(String name) {
        return DEFINITIONS.child(name);
    }

    static Key alias(String name) {
        return ALIASES.child(name);
    }

    static Key snapshots(String id) {
        return SNAPSHOTS.child(id);
    }

    static Key schema(String id) {
        return Key.of("vector", "attributes", id);
    }

    static Key checkpoint(String id) {
        return CHECKPOINTS.child(id);
    }

    static Key tail(String id) {
        return TAILS.child(id);
    }

    static Key history(String id) {
        return HISTORIES.child(id);
    }

    static Key window(String id) {
        return Key.of("vector", "window", id);
    }

    /// Greater than every tail key of this token, less than any of the next.
    static Key tailThrough(String id, long token) {
        return tail(id).child(Key.number(token)).child(Key.number(Long.MAX_VALUE));
    }

    /// The token of a tail fact, or of a point.
    static long token(Key key) {
        return Long.parseLong(key.components().get(3), 16);
    }
}
