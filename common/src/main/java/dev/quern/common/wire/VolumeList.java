package dev.quern.common.wire;

import java.util.List;

/// `GET /v1/volumes`.
///
/// @param volumes in name order
public record VolumeList(List<VolumeBody> volumes) {}
