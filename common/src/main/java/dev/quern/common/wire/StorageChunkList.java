package dev.quern.common.wire;

import java.util.List;

/// `GET /v1/storage/chunks/{chunk}`.
///
/// @param spaces each space that has the chunk or needs it
public record StorageChunkList(List<StorageChunk> spaces) {}
