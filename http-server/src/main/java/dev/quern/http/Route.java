package dev.quern.http;

/// One method on one path.
///
/// @param method `GET` (which serves `HEAD` too), `POST`, `PUT` or `DELETE`
/// @param template literal segments and `{name}`; a last `{name...}` takes the rest of the path
/// @param access who may call it
/// @param handler what it does
record Route(String method, String template, Access access, Handler handler) {
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
}
