/// Bulk transfer over Arrow Flight: [dev.quern.client.flight.QuernFlight] moves whole files and
/// whole collections at the speed of the network. Everything else is in [dev.quern.client].
///
/// Needs the JVM flags that Arrow asks for: `--add-opens=java.base/java.nio=ALL-UNNAMED`
/// `--enable-native-access=ALL-UNNAMED` `--sun-misc-unsafe-memory-access=allow`
/// `-Dio.netty.noUnsafe=false`; without the first, streams fail.
///
/// Invariants: a bounded number of batches is in flight; Arrow memory is released when the client
/// is closed at the latest; failures are [dev.quern.common.QuernException].
@NullMarked
package dev.quern.client.flight;

import org.jspecify.annotations.NullMarked;
