package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/sync`: bring an index in step with a volume.
///
/// @param volume the volume to read
/// @param glob files to index; default `**`
/// @param at commit; default the head of `main`
public record SyncCollection(String volume, @Nullable String glob, @Nullable String at) {}
