package dev.quern.server;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.Setting;
import dev.quern.common.Settings;
import dev.quern.function.sandbox.SandboxMode;
import dev.quern.http.HttpConfig;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/// Everything an operator can set, typed and checked. Read from `DATA/quern.properties` (or
/// `--config`), the environment (`QUERN_...`) and flags; a later place wins.
///
/// @param settings the values
public record ServerConfig(Settings settings) {
    /// The form of log lines on stderr.
    public enum LogFormat {
        /// One line of text with key=value pairs.
        TEXT,
        /// One JSON object a line.
        JSON
    }

    static final Setting<String> DATA =
            Setting.text("data", System.getProperty("user.home") + "/.quern", "folder of all data");
    static final Setting<String> HOST =
            Setting.text("host", "127.0.0.1", "address to listen on; 0.0.0.0 for every interface");
    static final Setting<Integer> HTTP_PORT =
            Setting.number("http-port", 7700, 0, 65_535, "HTTP port, 0 picks a free one");
    static final Setting<Integer> FLIGHT_PORT =
            Setting.number("flight-port", 7701, 0, 65_535, "Flight port, 0 picks a free one");
    static final Setting<SandboxMode> SANDBOX =
            Setting.choice(
                    "sandbox",
                    SandboxMode.AUTO,
                    SandboxMode.class,
                    "how functions are confined: auto, bwrap, unshare or none");
    static final Setting<Integer> EMBED_THREADS =
            Setting.number(
                    "embed-threads",
                    Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 64),
                    1,
                    256,
                    "threads that run embedding models");
    static final Setting<Integer> MAX_INSTANCES =
            Setting.number(
                    "max-instances", 16, 1, 1024, "function processes at once, over all functions");
    static final Setting<Integer> MAX_REQUESTS =
            Setting.number("max-requests", 1024, 1, 100_000, "HTTP requests in progress at once");
    static final Setting<ByteSize> VIEWS_MAX =
            Setting.size(
                    "views-max-bytes",
                    "20GiB",
                    "disk for volumes laid out as directories for functions");
    static final Setting<String> MODELS =
            Setting.text("models", home("models"), "folder of embedding models");
    static final Setting<String> PYTHON_SDK =
            Setting.text(
                    "python-sdk", home("python"), "folder that holds the Python package quern");
    static final Setting<LogFormat> LOG_FORMAT =
            Setting.choice(
                    "log-format", LogFormat.TEXT, LogFormat.class, "log lines as text or json");
    static final Setting<String> LOG_LEVEL =
            new Setting<>(
                    "log-level", "info", ServerConfig::level, "error, warn, info, debug or trace");

    private static final List<Setting<?>> ALL =
            List.of(
                    DATA,
                    HOST,
                    HTTP_PORT,
                    FLIGHT_PORT,
                    SANDBOX,
                    EMBED_THREADS,
                    MAX_INSTANCES,
                    MAX_REQUESTS,
                    VIEWS_MAX,
                    MODELS,
                    PYTHON_SDK,
                    LOG_FORMAT,
                    LOG_LEVEL);

    /// Variables that the clients and the launcher read.
    private static final List<String> CLIENT_VARIABLES =
            List.of("QUERN_TOKEN", "QUERN_URL", "QUERN_FLIGHT_URL", "QUERN_JAVA_OPTS");

    private static String home(String folder) {
        return Path.of(System.getProperty("quern.home", "."), folder).toString();
    }

    private static String level(String text) {
        String level = text.strip().toLowerCase(Locale.ROOT);
        if (!List.of("error", "warn", "info", "debug", "trace").contains(level)) {
            throw new IllegalArgumentException("not a level");
        }
        return level;
    }

    /// Every setting there is, for `--help`.
    public static List<Setting<?>> all() {
        return ALL;
    }

    /// Reads the settings.
    ///
    /// @param flags command line, without the leading `--`
    /// @param environment of the process
    /// @param file a properties file that must exist; empty: `DATA/quern.properties` if it is there
    /// @throws QuernException `INVALID`, naming key, place and expectation
    public static ServerConfig load(
            Map<String, String> flags, Map<String, String> environment, Optional<Path> file) {
        String data =
                flags.getOrDefault("data", environment.getOrDefault("QUERN_DATA", DATA.fallback()));
        Path path = file.orElse(Path.of(data, "quern.properties"));
        Map<String, String> entries =
                file.isPresent() || Files.exists(path) ? read(path) : Map.of();
        return new ServerConfig(
                Settings.load(
                        ALL,
                        new Settings.Sources(
                                path.toString(), entries, environment, CLIENT_VARIABLES, flags)));
    }

    private static Map<String, String> read(Path path) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "configuration file " + path + " cannot be read: " + e.getMessage(),
                    e);
        }
        Map<String, String> entries = new TreeMap<>();
        for (String key : properties.stringPropertyNames()) {
            entries.put(key, properties.getProperty(key));
        }
        return entries;
    }

    /// The folder of all data.
    public Path data() {
        return Path.of(settings.get(DATA));
    }

    String host() {
        return settings.get(HOST);
    }

    int flightPort() {
        return settings.get(FLIGHT_PORT);
    }

    HttpConfig http() {
        HttpConfig defaults = HttpConfig.of(host(), settings.get(HTTP_PORT));
        return new HttpConfig(
                defaults.host(),
                defaults.port(),
                defaults.maxJsonBytes(),
                defaults.maxBufferedBytes(),
                settings.get(MAX_REQUESTS),
                defaults.maxConnections(),
                defaults.stallTimeout(),
                defaults.idleTimeout(),
                defaults.drainTimeout());
    }

    SandboxMode sandbox() {
        return settings.get(SANDBOX);
    }

    int embedThreads() {
        return settings.get(EMBED_THREADS);
    }

    int maxInstances() {
        return settings.get(MAX_INSTANCES);
    }

    ByteSize viewsMax() {
        return settings.get(VIEWS_MAX);
    }

    Path models() {
        return Path.of(settings.get(MODELS));
    }

    Path pythonSdk() {
        return Path.of(settings.get(PYTHON_SDK));
    }

    /// `error` to `trace`.
    public String logLevel() {
        return settings.get(LOG_LEVEL);
    }

    /// The form of log lines.
    public LogFormat logFormat() {
        return settings.get(LOG_FORMAT);
    }

    /// All settings with their sources, for `--print-config`.
    public String print() {
        return settings.print();
    }
}
