/// Arrow Flight: bulk bytes and rows. The entry type is [dev.quern.flight.QuernFlightServer].
///
/// Invariants:
/// - every call is authenticated before anything else sees it, and every name in it is resolved in
///   the space of its token, whatever its ticket says;
/// - no thread that gRPC delivers events on ever waits: streams run on threads of their own and are
///   bounded in number, and each holds a bounded number of batches;
/// - a buffer is not written again once it has been sent, and a chunk's lease is kept until the
///   last message over its bytes has left: closing the server waits for both.
@NullMarked
package dev.quern.flight;

import org.jspecify.annotations.NullMarked;
