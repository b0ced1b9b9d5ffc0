package dev.quern.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Peers written in Python: `bench/peers-src/NAME.py`, run in an environment of their own in
/// `bench/peers` (not under version control), installed on first use. A script prints one JSON
/// object.
final class Peers {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path checkout;

    Peers(Path checkout) {
        this.checkout = checkout;
    }

    /// Installs a package that not every bench needs.
    ///
    /// @return false if it cannot be installed here
    boolean install(String requirement) {
        try {
            Shell.output(
                    checkout,
                    python().toString(),
                    "-m",
                    "pip",
                    "install",
                    "-q",
                    "--disable-pip-version-check",
                    requirement);
            return true;
        } catch (QuernException e) {
            return false;
        }
    }

    /// Runs a script and returns what it printed.
    ///
    /// @throws QuernException `UNAVAILABLE` if it cannot be installed or run
    JsonNode run(String name, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(python().toString());
        command.add(script(name).toString());
        command.addAll(List.of(arguments));
        try {
            return JSON.readTree(Shell.output(checkout, command.toArray(String[]::new)));
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "peer " + name + " did not print JSON", e);
        }
    }

    Path script(String name) {
        return checkout.resolve("bench/peers-src").resolve(name + ".py");
    }

    /// The interpreter with the peers' packages.
    Path python() {
        Path environment = checkout.resolve("bench/peers/python");
        Path stamp = environment.resolve(".installed");
        Path requirements = checkout.resolve("bench/peers-src/requirements.txt");
        Path python = environment.resolve("bin/python");
        try {
            String wanted = Files.readString(requirements);
            if (!Files.exists(stamp) || !Files.readString(stamp).equals(wanted)) {
                Shell.output(checkout, "python3", "-m", "venv", environment.toString());
                Shell.output(
                        checkout,
                        python.toString(),
                        "-m",
                        "pip",
                        "install",
                        "-q",
                        "--disable-pip-version-check",
                        "-r",
                        requirements.toString());
                Files.writeString(stamp, wanted);
            }
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "cannot install the peers: " + e.getMessage(), e);
        }
        return python;
    }
}
