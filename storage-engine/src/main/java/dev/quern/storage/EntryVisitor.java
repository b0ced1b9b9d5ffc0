package dev.quern.storage;

/// Takes the entries of a database one after the other.
interface EntryVisitor {
    /// Returns whether to go on.
    boolean visit(byte[] key, byte[] value);
}
