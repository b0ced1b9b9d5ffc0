package dev.quern.cli;

import dev.quern.common.QuernException;
import dev.quern.common.Setting;
import dev.quern.server.Logging;
import dev.quern.server.QuernServer;
import dev.quern.server.ServerConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `quern serve`: runs a server until SIGTERM or SIGINT. Every setting of the server is an option
/// of the same name.
@Command(
        name = "serve",
        description = "Runs a server until it is stopped by SIGTERM or Ctrl-C.",
        mixinStandardHelpOptions = true,
        modelTransformer = ServeCommand.SettingOptions.class)
final class ServeCommand implements Callable<Integer> {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "settings as key=value lines; default DATA/quern.properties if it is there")
    private @Nullable Path config;

    @Option(names = "--print-config", description = "print every setting with its source, and stop")
    private boolean printConfig;

    /// Adds an option for each setting of the server.
    static final class SettingOptions implements IModelTransformer {
        @Override
        public CommandSpec transform(CommandSpec command) {
            for (Setting<?> setting : ServerConfig.all()) {
                command.addOption(
                        OptionSpec.builder("--" + setting.key())
                                .type(String.class)
                                .paramLabel("VALUE")
                                .description(setting.doc() + "; default " + setting.fallback())
                                .build());
            }
            return command;
        }
    }

    @Override
    @SuppressWarnings("MustBeClosed") // closed by the shutdown hook
    public Integer call() throws InterruptedException {
        Map<String, String> flags = new TreeMap<>();
        for (Setting<?> setting : ServerConfig.all()) {
            String value =
                    spec.commandLine()
                            .getParseResult()
                            .matchedOptionValue("--" + setting.key(), null);
            if (value != null) {
                flags.put(setting.key(), value);
            }
        }
        ServerConfig settings =
                ServerConfig.load(flags, System.getenv(), Optional.ofNullable(config));
        PrintWriter out = spec.commandLine().getOut();
        if (printConfig) {
            out.print(settings.print());
            out.flush();
            return ExitCode.OK.status();
        }
        Logging.configure(settings.logLevel(), settings.logFormat());
        QuernServer server = QuernServer.open(settings);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(
                                () -> {
                                    try {
                                        server.close();
                                    } catch (QuernException e) {
                                        Logging.failedToClose(e);
                                    } finally {
                                        stopped.countDown();
                                        // SIGTERM is the ordinary way to stop: without this the JVM
                                        // would end with 143.
                                        Runtime.getRuntime().halt(0);
                                    }
                                },
                                "shutdown"));
        out.println("ready http=" + server.httpUrl() + " flight=" + server.flightUrl());
        out.flush();
        stopped.await();
        return ExitCode.OK.status();
    }
}
