package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// The width that searches of a vector field take unless they say another. All but the width is
/// null when it was set by hand.
///
/// @param width vertices of a graph that a search considers
/// @param target recall that was asked for
/// @param k hits of which it is the share
/// @param recall that was measured
/// @param queries that were compared
/// @param rows of the collection then; a width below the default no longer counts when there are
///   more than twice as many
/// @param at when, ISO-8601
public record TunedWidthBody(
        int width,
        @Nullable Double target,
        @Nullable Integer k,
        @Nullable Double recall,
        @Nullable Integer queries,
        @Nullable Long rows,
        @Nullable String at) {}
