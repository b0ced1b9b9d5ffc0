package dev.quern.cli;

import dev.quern.cli.demo.DemoCommand;
import dev.quern.client.CallFailedException;
import dev.quern.common.QuernException;
import java.io.PrintWriter;
import java.util.Locale;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// The `quern` command.
@Command(
        name = "quern",
        description = "Stores files and vectors, searches them, and runs functions next to them.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            ServeCommand.class,
            DemoCommand.class,
            VolumeCommand.class,
            CollectionCommand.class,
            FunctionCommand.class,
            CallCommand.class,
            EmbedCommand.class,
            StorageCommand.class,
            RestoreCommand.class,
            AutoComplete.GenerateCompletion.class,
            HelpCommand.class
        },
        footer = {
            "",
            "Python functions: quern run FILE.py[::ENTRYPOINT] [ARGUMENT...], quern deploy FILE.py.",
            "In a checkout also: quern test, quern bench, quern dist.",
            "Environment: QUERN_URL, QUERN_TOKEN, QUERN_FLIGHT_URL; default http://127.0.0.1:7700 and"
                    + " the token in ~/.quern/admin.token.",
            "Exit status: 0 done, 1 failed, 2 wrong usage or input, 3 not found, 4 denied, 5 conflict,"
                    + " 6 try again, 7 the function failed."
        })
public final class Quern implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    /// Starts the command.
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    /// The command with its error handling, for tests and for `main`.
    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Quern());
        line.setExecutionExceptionHandler((error, command, parsed) -> report(error, command));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setUsageHelpAutoWidth(true);
        return line;
    }

    private static int report(Exception error, CommandLine command) throws Exception {
        PrintWriter err = command.getErr();
        ExitCode status;
        if (error instanceof QuernException known) {
            String kind = known.kind().name().toLowerCase(Locale.ROOT);
            err.println("quern: " + kind + ": " + known.getMessage());
            status = ExitCode.of(known.kind());
        } else if (error instanceof CallFailedException failed) {
            err.println("quern: " + failed.getMessage());
            status = ExitCode.CALL_FAILED;
        } else {
            throw error;
        }
        err.flush();
        return status.status();
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
