package dev.quern.common.wire;

import java.util.List;

/// `GET /v1/storage/operations`: the long operations on the store.
///
/// @param running those under way, the earliest first
/// @param ended the last 20 that ended since the server started, the latest first
public record StorageOperationList(List<StorageOperation> running, List<StorageOperation> ended) {}
