package dev.quern.vector;

import dev.quern.storage.MetaLog;

/// The value of an alias' fact; the alias is the last component of the key. The collection's own
/// fact ([DefinitionFormat]) lists it, and each transaction that changes one changes the other.
///
/// | field | type |
/// |---|---|
/// | version | u8, 1 |
/// | collection | string, its name |
final class AliasFormat {
    private static final int VERSION = 1;

    private AliasFormat() {}

    static byte[] encode(String collection) {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.utf8(collection);
        return out.toBytes();
    }

    /// The collection's name.
    static String decode(MetaLog.Fact fact) {
        FrameInput in = new FrameInput("alias fact \"" + fact.key().last() + "\"", fact.value());
        in.version(VERSION);
        String collection = in.utf8();
        in.end();
        return collection;
    }
}
