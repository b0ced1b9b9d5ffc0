package dev.quern.common.wire;

/// A volume.
///
/// @param name unique in its space
/// @param id never reused, even when a volume of the same name is created again
/// @param createdAt ISO-8601
/// @param head commit id of the branch `main`
public record VolumeBody(String name, String id, String createdAt, String head) {}
