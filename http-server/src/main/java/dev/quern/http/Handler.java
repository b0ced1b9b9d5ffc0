package dev.quern.http;

import java.io.IOException;

/// What a route does: blocking code on the request's own virtual thread.
@FunctionalInterface
interface Handler {
    /// Answers a request, or throws; a [dev.quern.common.QuernException] becomes the error that its
    /// kind stands for.
    ///
    /// @throws IOException if the client went away while its body was read
    Reply handle(Request request) throws IOException;
}
