package dev.quern.common.wire;

import java.util.List;

/// `GET /v1/collections`.
///
/// @param collections in name order
public record CollectionList(List<CollectionBody> collections) {}
