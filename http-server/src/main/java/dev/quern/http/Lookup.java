package dev.quern.http;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;

/// Asks whether a thing is there.
final class Lookup {
    private Lookup() {}

    /// Whether a call that gets the thing does not end with `NOT_FOUND`.
    static boolean finds(Runnable get) {
        try {
            get.run();
            return true;
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }
}
