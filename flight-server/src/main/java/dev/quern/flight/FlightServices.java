package dev.quern.flight;

import dev.quern.common.Authenticator;
import dev.quern.common.QuernException;
import dev.quern.vector.CollectionService;
import dev.quern.volume.VolumeService;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/// What the Flight server works with. The server closes none of it.
///
/// @param authenticator checks the bearer token of every call
/// @param volumes files
/// @param collections rows
/// @param clock stamps and checks tickets
/// @param random names sessions and requests; need not be secure
/// @param signingKey signs tickets: 32 bytes or more, secret, the same on every server that should
///   honour the tickets and across restarts; copied
public record FlightServices(
        Authenticator authenticator,
        VolumeService volumes,
        CollectionService collections,
        InstantSource clock,
        RandomGenerator random,
        byte[] signingKey) {
    /// Checks and copies the key.
    ///
    /// @throws QuernException `INVALID` if the key has fewer than 32 bytes
    public FlightServices {
        if (signingKey.length < 32) {
            throw QuernException.invalid(
                    "flight signing key must have 32 bytes or more, got " + signingKey.length);
        }
        signingKey = signingKey.clone();
    }

    /// A copy of the key.
    @Override
    public byte[] signingKey() {
        return signingKey.clone();
    }

    /// Never shows the key.
    @Override
    public String toString() {
        return "FlightServices[signingKey=(secret)]";
    }
}
