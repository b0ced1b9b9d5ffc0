package dev.quern.common.wire;

import java.util.List;

/// `GET /v1/collections/{collection}/snapshots`.
///
/// @param snapshots in name order
public record SnapshotList(List<SnapshotBody> snapshots) {}
