package dev.quern.http;

import java.util.Optional;

/// One method on one path.
///
/// @param method `GET` (which serves `HEAD` too), `POST`, `PUT` or `DELETE`
/// @param template literal segments and `{name}`; a last `{name...}` takes the rest of the path
/// @param access who may call it
/// @param handler what it does
/// @param atOnce the same for small requests, on their event loop; empty: each has a thread
record Route(
        String method, String template, Access access, Handler handler, Optional<AtOnce> atOnce) {
    Route(String method, String template, Access access, Handler handler) {
        this(method, template, access, handler, Optional.empty());
    }

    /// Who may call a route.
    enum Access {
        /// Anyone, even while the server is full: liveness and the API's description.
        OPEN,
        /// Whoever has a token, even while the server is full: how else to see that it is.
        MONITOR,
        /// Whoever has a token.
        TOKEN,
        /// Whoever has an operator's token.
        OPERATOR
    }

    static Route of(String method, String template, Handler handler) {
        return new Route(method, template, Access.TOKEN, handler);
    }

    /// This route where small requests begin on their event loop.
    Route atOnce(AtOnce beginning) {
        return new Route(method, template, access, handler, Optional.of(beginning));
    }
}
