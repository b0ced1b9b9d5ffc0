package dev.quern.server;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.spi.ContextAwareBase;

/// What logging is before [Logging#configure] is called, and in the client verbs, which never call
/// it: warnings and errors, on stderr. Found by logback through the service loader.
public final class QuietLogging extends ContextAwareBase implements Configurator {
    /// For the service loader.
    public QuietLogging() {}

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        Logging.configure(context, "warn", ServerConfig.LogFormat.TEXT);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
}
