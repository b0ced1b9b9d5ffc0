package dev.quern.storage;

import java.util.List;
import java.util.ServiceLoader;

/// The decoders of a module. [FuzzRun] finds the suites of all modules as services; each module has
/// a test that extends [FuzzContract].
public interface FuzzSuite {
    /// The module's folder.
    String module();

    /// All of its decoders.
    List<FuzzTarget> targets();

    /// Those on the class path.
    static List<FuzzSuite> all() {
        return ServiceLoader.load(FuzzSuite.class).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }
}
