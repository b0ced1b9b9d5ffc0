package dev.quern.common;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The values of a program's settings, from four places; a later one wins: default, file,
/// environment (`QUERN_...`), flags. Keys that no setting has are refused, wherever they come from.
/// Immutable.
public final class Settings {
    private final Map<String, Value> values;

    private Settings(Map<String, Value> values) {
        this.values = values;
    }

    private record Value(Setting<?> setting, String text, Object parsed, String source) {}

    /// The places that values come from, besides the defaults.
    ///
    /// @param fileName for messages
    /// @param file the file's entries
    /// @param environment all variables; those without the prefix `QUERN_` are passed over
    /// @param reserved variables with the prefix that other programs read
    /// @param flags entries of the command line, without the leading `--`
    public record Sources(
            String fileName,
            Map<String, String> file,
            Map<String, String> environment,
            List<String> reserved,
            Map<String, String> flags) {}

    /// Reads every setting.
    ///
    /// @throws QuernException `INVALID`, naming the key, the place and what was expected
    public static Settings load(List<Setting<?>> known, Sources sources) {
        Map<String, Setting<?>> byKey = new TreeMap<>();
        Map<String, Setting<?>> byVariable = new TreeMap<>();
        Map<String, Value> values = new LinkedHashMap<>();
        for (Setting<?> setting : known) {
            byKey.put(setting.key(), setting);
            byVariable.put(setting.environmentName(), setting);
            values.put(setting.key(), parse(setting, setting.fallback(), "default"));
        }
        overlay(values, byKey, sources.file(), sources.fileName());
        Map<String, String> variables = new TreeMap<>();
        for (Map.Entry<String, String> variable : sources.environment().entrySet()) {
            if (variable.getKey().startsWith("QUERN_")
                    && !sources.reserved().contains(variable.getKey())) {
                variables.put(variable.getKey(), variable.getValue());
            }
        }
        overlay(values, byVariable, variables, "environment");
        overlay(values, byKey, sources.flags(), "command line");
        return new Settings(values);
    }

    private static void overlay(
            Map<String, Value> values,
            Map<String, Setting<?>> known,
            Map<String, String> entries,
            String source) {
        for (Map.Entry<String, String> entry : entries.entrySet()) {
            Setting<?> setting = known.get(entry.getKey());
            if (setting == null) {
                throw QuernException.invalid(
                        "unknown setting \""
                                + Names.abbreviate(entry.getKey())
                                + "\" in "
                                + source
                                + "; known: "
                                + String.join(", ", known.keySet()));
            }
            values.put(setting.key(), parse(setting, entry.getValue(), source));
        }
    }

    private static Value parse(Setting<?> setting, String text, String source) {
        try {
            return new Value(setting, text, setting.parser().apply(text), source);
        } catch (QuernException | IllegalArgumentException e) {
            throw new QuernException(
                    ErrorKind.INVALID,
                    "setting "
                            + setting.key()
                            + " ("
                            + source
                            + "): "
                            + setting.doc()
                            + "; got \""
                            + Names.abbreviate(text)
                            + "\"",
                    e);
        }
    }

    /// The value of a setting that was among those loaded.
    public <T> T get(Setting<T> setting) {
        Value value = values.get(setting.key());
        if (value == null || !value.setting().equals(setting)) {
            throw QuernException.internal("setting " + setting.key() + " was not loaded", null);
        }
        @SuppressWarnings("unchecked") // the value was made by this setting's own parser
        T typed = (T) value.parsed();
        return typed;
    }

    /// One line a setting, `key=value`, with where it came from and what it means as a comment
    /// above.
    public String print() {
        StringBuilder out = new StringBuilder();
        for (Value value : values.values()) {
            out.append("# ").append(value.setting().doc()).append("; from ").append(value.source());
            out.append('\n').append(value.setting().key()).append('=').append(value.text());
            out.append('\n');
        }
        return out.toString();
    }
}
