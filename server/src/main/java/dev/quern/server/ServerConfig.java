package dev.quern.server;

import dev.quern.common.ByteSize;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.common.Setting;
import dev.quern.common.Settings;
import dev.quern.function.sandbox.SandboxMode;
import dev.quern.http.HttpConfig;
import dev.quern.storage.OperatorKey;
import java.io.IOException;
import java.io.Reader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Everything an operator can set, typed and checked. Read from `DATA/quern.properties` (or
/// `--config`), the environment (`QUERN_...`) and flags; a later place wins.
///
/// @param settings the values
/// @param operatorKey from `QUERN_OPERATOR_KEY`, which is no setting so that no list of processes
///   and no file shows it
public record ServerConfig(Settings settings, Optional<OperatorKey> operatorKey) {
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

    static final Setting<Boolean> STORE_COMPRESSION =
            Setting.toggle("store-compression", true, "whether new chunks are compressed");
    static final Setting<Optional<Path>> OPERATOR_KEY_FILE =
            file(
                    "operator-key-file",
                    "file of the key that new chunks are encrypted under, mode 0600; empty to not"
                            + " encrypt, or see QUERN_OPERATOR_KEY");
    static final Setting<Optional<Path>> PREVIOUS_OPERATOR_KEY_FILE =
            file(
                    "previous-operator-key-file",
                    "file of the operator key before this one, to change from it at the start");
    static final Setting<ByteSize> FACT_LOG_RETENTION =
            Setting.size(
                    "fact-log-retention",
                    "256MiB",
                    "1MiB",
                    "1TiB",
                    "log of facts that is kept after it was applied");
    static final Setting<Duration> GC_GRACE =
            Setting.duration(
                    "gc-grace",
                    "1h",
                    "0s",
                    "365d",
                    "how long a chunk must have been garbage before it is removed");
    static final Setting<Duration> GC_INTERVAL =
            Setting.duration("gc-interval", "6h", "1m", "365d", "time between garbage collections");
    static final Setting<Optional<TierUrl>> STORE_TIER =
            new Setting<>(
                    "store-tier",
                    "",
                    text -> text.isBlank() ? Optional.empty() : Optional.of(TierUrl.parse(text)),
                    "where chunks are: file:///DIRECTORY, s3://BUCKET/PREFIX, or empty for the data"
                            + " directory");
    static final Setting<Optional<URI>> S3_ENDPOINT =
            new Setting<>(
                    "s3-endpoint",
                    "",
                    ServerConfig::endpoint,
                    "address of the object store like https://host:port; empty for AWS");
    static final Setting<String> S3_REGION =
            new Setting<>(
                    "s3-region", "us-east-1", ServerConfig::region, "region, like eu-central-1");
    static final Setting<Boolean> S3_PATH_STYLE =
            Setting.toggle(
                    "s3-path-style",
                    false,
                    "whether the bucket is in the path of an address, not in the host's name");
    static final Setting<ByteSize> TIER_CACHE_MAX =
            Setting.size(
                    "tier-cache-max-bytes",
                    "10GiB",
                    "1MiB",
                    "1024TiB",
                    "disk for copies of chunks that are in a tier");

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
                    LOG_LEVEL,
                    STORE_COMPRESSION,
                    OPERATOR_KEY_FILE,
                    PREVIOUS_OPERATOR_KEY_FILE,
                    FACT_LOG_RETENTION,
                    GC_GRACE,
                    GC_INTERVAL,
                    STORE_TIER,
                    S3_ENDPOINT,
                    S3_REGION,
                    S3_PATH_STYLE,
                    TIER_CACHE_MAX);

    private static final String OPERATOR_KEY = "QUERN_OPERATOR_KEY";
    private static final Pattern REGION = Pattern.compile("[a-z0-9-]{1,40}");

    /// Variables that are no settings: the clients and the launcher read them, or they are secret.
    private static final List<String> OTHER_VARIABLES =
            List.of(
                    "QUERN_TOKEN",
                    "QUERN_URL",
                    "QUERN_FLIGHT_URL",
                    "QUERN_JAVA_OPTS",
                    OPERATOR_KEY);

    private static String home(String folder) {
        return Path.of(System.getProperty("quern.home", "."), folder).toString();
    }

    private static Setting<Optional<Path>> file(String key, String doc) {
        return new Setting<>(
                key,
                "",
                text -> text.isBlank() ? Optional.empty() : Optional.of(Path.of(text.strip())),
                doc);
    }

    private static Optional<URI> endpoint(String text) {
        if (text.isBlank()) {
            return Optional.empty();
        }
        URI endpoint = URI.create(text.strip());
        String scheme = endpoint.getScheme();
        boolean http = "http".equals(scheme) || "https".equals(scheme);
        if (!http || endpoint.getHost() == null || endpoint.getUserInfo() != null) {
            throw new IllegalArgumentException("no address of a store");
        }
        return Optional.of(endpoint);
    }

    private static String region(String text) {
        if (!REGION.matcher(text.strip()).matches()) {
            throw new IllegalArgumentException("no region");
        }
        return text.strip();
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
                                path.toString(), entries, environment, OTHER_VARIABLES, flags)),
                Optional.ofNullable(environment.get(OPERATOR_KEY)).map(ServerConfig::key));
    }

    private static OperatorKey key(String text) {
        try {
            return OperatorKey.parse(text);
        } catch (QuernException e) {
            throw new QuernException(e.kind(), OPERATOR_KEY + ": " + e.getMessage(), e);
        }
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

    /// What the storage engine is opened with.
    record Storage(
            boolean compression,
            Optional<Path> operatorKeyFile,
            Optional<OperatorKey> operatorKey,
            Optional<Path> previousOperatorKeyFile,
            ByteSize logRetention,
            Duration gcGrace,
            Duration gcInterval,
            Optional<TierUrl> tier,
            TierUrl.Access access,
            ByteSize tierCache) {}

    Storage storage() {
        return new Storage(
                settings.get(STORE_COMPRESSION),
                settings.get(OPERATOR_KEY_FILE),
                operatorKey,
                settings.get(PREVIOUS_OPERATOR_KEY_FILE),
                settings.get(FACT_LOG_RETENTION),
                settings.get(GC_GRACE),
                settings.get(GC_INTERVAL),
                settings.get(STORE_TIER),
                new TierUrl.Access(
                        settings.get(S3_ENDPOINT),
                        settings.get(S3_REGION),
                        settings.get(S3_PATH_STYLE)),
                settings.get(TIER_CACHE_MAX));
    }

    /// `error` to `trace`.
    public String logLevel() {
        return settings.get(LOG_LEVEL);
    }

    /// The form of log lines.
    public LogFormat logFormat() {
        return settings.get(LOG_FORMAT);
    }

    /// All settings with their sources, for `--print-config`; no secret is shown.
    public String print() {
        String secret =
                operatorKey.isPresent()
                        ? "# operator key; from environment, "
                                + OPERATOR_KEY
                                + "\n# operator-key=(hidden)\n"
                        : "";
        return settings.print() + secret;
    }
}
