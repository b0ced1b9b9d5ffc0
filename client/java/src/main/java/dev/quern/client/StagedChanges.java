package dev.quern.client;

import java.util.List;

/// What waits for a commit.
///
/// @param session whose changes
/// @param puts paths that will be written
/// @param removes paths that will be gone
public record StagedChanges(String session, List<String> puts, List<String> removes) {}
