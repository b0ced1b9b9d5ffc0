package dev.quern.http;

import dev.quern.common.Names;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One line per request, `key=value`, its id in the logging context: who asked for what, what came
/// of it, how long it took. Never a token, never a query (it may hold what people search for).
final class AccessLog {
    private static final Logger LOG = LoggerFactory.getLogger("dev.quern.http.access");

    private AccessLog() {}

    /// Whether there is a line of a request.
    static boolean isOn(Exchange exchange) {
        return isRoutine(exchange) ? LOG.isDebugEnabled() : LOG.isInfoEnabled();
    }

    private static boolean isRoutine(Exchange exchange) {
        return exchange.principal().isEmpty() && exchange.status() == 200;
    }

    static void write(Exchange exchange) {
        if (!isOn(exchange)) {
            return;
        }
        String line =
                "method="
                        + Names.abbreviate(exchange.method())
                        + " path="
                        + quoted(exchange.rawPath())
                        + " route="
                        + exchange.route()
                        + " status="
                        + exchange.status()
                        + " in_bytes="
                        + exchange.body().receivedBytes()
                        + " out_bytes="
                        + exchange.sentBytes()
                        + " us="
                        + exchange.elapsedNanos() / 1000
                        + exchange.principal()
                                .map(p -> " space=" + p.space() + " token=" + p.tokenName())
                                .orElse("")
                        + " remote="
                        + exchange.request().remoteAddress().hostAddress();
        if (isRoutine(exchange)) {
            LOG.debug(line);
        } else {
            LOG.info(line);
        }
    }

    private static String quoted(String path) {
        return '"' + Names.abbreviate(path).replace("\"", "%22") + '"';
    }
}
