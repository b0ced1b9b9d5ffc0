package dev.quern.common.wire;

/// `PUT /v1/aliases/{alias}`.
///
/// @param collection what the alias means from now on: a collection, or another alias of it
public record SetAlias(String collection) {}
