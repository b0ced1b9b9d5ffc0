package dev.quern.storage;

import java.util.Arrays;
import java.util.List;

/// What Jazzer calls. The first byte of an input chooses among the targets of the modules that the
/// system property `quern.fuzz.modules` names, separated by commas.
public final class Fuzzer {
    static final String MODULES = "quern.fuzz.modules";

    private static final List<FuzzTarget> TARGETS =
            targets(List.of(System.getProperty(MODULES, "").split(",")));

    private Fuzzer() {}

    /// The targets of some modules, in the order of a [Fuzzer] for them.
    static List<FuzzTarget> targets(List<String> modules) {
        return FuzzSuite.all().stream()
                .filter(suite -> modules.contains(suite.module()))
                .flatMap(suite -> suite.targets().stream())
                .toList();
    }

    /// An input that has Jazzer begin with a target's own.
    static byte[] input(int target, byte[] own) {
        byte[] input = new byte[own.length + 1];
        input[0] = (byte) target;
        System.arraycopy(own, 0, input, 1, own.length);
        return input;
    }

    /// Which of some targets an input is for.
    static FuzzTarget target(List<FuzzTarget> targets, byte[] input) {
        return targets.get((input[0] & 0xFF) % targets.size());
    }

    /// An input without the choice of its target.
    static byte[] own(byte[] input) {
        return Arrays.copyOfRange(input, 1, input.length);
    }

    /// Loads every class before the time of an input counts.
    public static void fuzzerInitialize() {
        for (FuzzTarget target : TARGETS) {
            target.seeds().forEach(target::run);
        }
    }

    /// Runs one input.
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length > 0) {
            target(TARGETS, input).run(own(input));
        }
    }
}
