package dev.quern.function;

import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.Locale;

/// What runs a function's code.
public enum FunctionRuntime {
    /// CPython 3: the artifact is a zip of sources, the entry `module:function`.
    PYTHON,
    /// The service's own JDK: the artifact is a jar, the entry `package.Class::method`.
    JAVA;

    /// `python` or `java`.
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Reads a wire name.
    ///
    /// @throws QuernException `INVALID` if it is neither `python` nor `java`
    public static FunctionRuntime parse(String text) {
        return switch (text) {
            case "python" -> PYTHON;
            case "java" -> JAVA;
            default ->
                    throw QuernException.invalid(
                            "runtime must be python or java, got \""
                                    + Names.abbreviate(text)
                                    + "\"");
        };
    }
}
