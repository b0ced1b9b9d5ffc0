package dev.quern.volume;

import java.time.Instant;

/// A volume.
///
/// @param name unique in its space
/// @param id 32 hex digits, never used again, even when a volume of the same name is created
/// @param createdAt when, to the millisecond
/// @param head the commit of branch `main`
public record VolumeInfo(String name, String id, Instant createdAt, CommitId head) {}
