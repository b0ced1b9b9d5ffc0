package dev.quern.embed;

import java.util.List;

/// An embedding model that this server can run.
///
/// @param id its name
/// @param aliases other names that mean it
/// @param dims length of its vectors
/// @param maxTokens longest input, begin and end tokens included
/// @param digest SHA-256 of its weights, hex; vectors of different digests are not comparable
/// @param precision arithmetic it is run with: `fp32`
public record ModelInfo(
        String id, List<String> aliases, int dims, int maxTokens, String digest, String precision) {
    /// Copies the list.
    public ModelInfo {
        aliases = List.copyOf(aliases);
    }
}
