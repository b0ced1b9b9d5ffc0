package dev.quern.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/// The version of the distribution that is running, from `quern.properties` in its folder.
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"quern " + read()};
    }

    private static String read() {
        Path file = Path.of(System.getProperty("quern.home", "."), "quern.properties");
        if (!Files.exists(file)) {
            return "development";
        }
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (IOException e) {
            return "unknown (" + file + " cannot be read)";
        }
        return properties.getProperty("version", "unknown");
    }
}
