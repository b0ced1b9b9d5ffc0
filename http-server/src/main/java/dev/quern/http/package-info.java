/// The REST API: one HTTP/1.1 server whose routes translate between the wire records of
/// [dev.quern.common.wire] and the services. Entry type: [HttpServer].
///
/// Life of a request: an event loop accepts it and stops reading its body, unless that is small and
/// came with the head; [RequestPipeline] admits or refuses it and starts one virtual thread; there
/// the token is checked, the [Router] finds the route, a handler (blocking code) returns a [Reply],
/// and the reply is written with back-pressure. Handlers never see Vert.x.
///
/// Invariants: nothing reads a body faster than its consumer takes it; JSON bodies are bounded each
/// and together; a request counts against [HttpConfig#maxRequests()] until its last byte is sent;
/// every error leaves as one JSON body that carries the request id; no token reaches a log.
@NullMarked
package dev.quern.http;

import org.jspecify.annotations.NullMarked;
