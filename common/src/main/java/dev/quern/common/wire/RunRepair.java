package dev.quern.common.wire;

import org.jspecify.annotations.Nullable;

/// `POST /v1/storage/repair`: put damaged and missing chunks right.
///
/// @param from where backups of this server are, as in [RunBackup]; without it nothing is fetched,
///   and the answer says what is lost
/// @param backup id of the backup to fetch from; default the latest
public record RunRepair(@Nullable String from, @Nullable String backup) {}
