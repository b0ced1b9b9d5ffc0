package dev.quern.common.wire;

import java.util.List;

/// `GET /v1/storage/backups`: what backups there are.
///
/// @param backups the oldest first
public record BackupList(List<BackupBody> backups) {}
