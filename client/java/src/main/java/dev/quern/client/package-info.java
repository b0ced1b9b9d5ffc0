/// Java SDK: [dev.quern.client.QuernClient] speaks the REST API over `java.net.http`; bulk transfer
/// over Arrow Flight is in [dev.quern.client.flight].
///
/// Invariants: every failure is a [dev.quern.common.QuernException] whose kind is the server's
/// `code`; a request is sent again only when that cannot do anything twice, and a bounded number of
/// times; nothing holds a whole file in memory. Clients are safe for use by many threads.
@NullMarked
package dev.quern.client;

import org.jspecify.annotations.NullMarked;
