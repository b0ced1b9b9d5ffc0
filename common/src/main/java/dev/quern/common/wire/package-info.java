/// The JSON bodies of the REST API, shared by the server and the Java client. Field names are
/// `snake_case` on the wire (`sizeBytes` is `size_bytes`); absent and null mean the same; times are
/// ISO-8601 in UTC. `openapi.json`, served by every server, describes the same shapes.
@NullMarked
package dev.quern.common.wire;

import org.jspecify.annotations.NullMarked;
