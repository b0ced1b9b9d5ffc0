package dev.quern.http;

import java.io.IOException;

/// Begins a request on its event loop, and ends it there if that takes no time to speak of. It must
/// wait for nothing: every other connection of the loop would wait with it.
@FunctionalInterface
interface AtOnce {
    /// What became of it.
    sealed interface Outcome {}

    /// It is done.
    ///
    /// @param body JSON
    record Done(byte[] body) implements Outcome {}

    /// The rest is for a thread of its own.
    ///
    /// @param rest makes the reply
    record Later(Rest rest) implements Outcome {}

    /// The rest of a request.
    interface Rest {
        Reply reply() throws IOException;
    }

    /// Handles a request whose body is here whole.
    ///
    /// @throws dev.quern.common.QuernException as a [Handler]
    Outcome handle(Request request) throws IOException;
}
