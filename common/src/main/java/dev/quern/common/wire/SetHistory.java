package dev.quern.common.wire;

/// `PUT /v1/collections/{collection}/history`.
///
/// @param seconds that what was is kept for, up to 2,592,000 (30 days); 0: it is not kept
public record SetHistory(Long seconds) {}
