/// The composition root. [dev.quern.server.QuernServer] opens everything in order (data directory
/// lock, storage engine, tokens, services, edges, self-test) and closes it in reverse; nothing else
/// in the product knows how the parts are put together. Settings are in
/// [dev.quern.server.ServerConfig].
@NullMarked
package dev.quern.server;

import org.jspecify.annotations.NullMarked;
