package dev.quern.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import org.slf4j.LoggerFactory;

/// Sets up log lines on stderr; stdout carries only the line that says the server is ready.
public final class Logging {
    private Logging() {}

    /// Replaces whatever logging was configured.
    ///
    /// @param level `error`, `warn`, `info`, `debug` or `trace`
    public static void configure(String level, ServerConfig.LogFormat format) {
        configure((LoggerContext) LoggerFactory.getILoggerFactory(), level, format);
    }

    static void configure(LoggerContext context, String level, ServerConfig.LogFormat format) {
        context.reset();
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setTarget("System.err");
        appender.setEncoder(encoder(context, format));
        appender.start();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        root.addAppender(appender);
        context.getLogger("dev.quern").setLevel(Level.toLevel(level));
        context.getLogger("ai.djl").setLevel(Level.ERROR);
    }

    /// Logs that the server could not be closed in order; the process ends all the same.
    public static void failedToClose(RuntimeException error) {
        LoggerFactory.getLogger(Logging.class).error("server did not close in order", error);
    }

    private static Encoder<ILoggingEvent> encoder(
            LoggerContext context, ServerConfig.LogFormat format) {
        return switch (format) {
            case JSON -> {
                JsonEncoder json = new JsonEncoder();
                json.setContext(context);
                json.start();
                yield json;
            }
            case TEXT -> {
                PatternLayoutEncoder text = new PatternLayoutEncoder();
                text.setContext(context);
                text.setPattern(
                        "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX,UTC} %-5level %logger{20} %msg %mdc%n%ex");
                text.start();
                yield text;
            }
        };
    }
}
