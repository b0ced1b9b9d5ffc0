package dev.quern.common.wire;

/// An alias: another name of a collection.
///
/// @param alias its name, which no collection has
/// @param collection the name of the collection that it means
public record AliasBody(String alias, String collection) {}
