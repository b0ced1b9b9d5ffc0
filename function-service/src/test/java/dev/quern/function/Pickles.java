package dev.quern.function;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// Makes and reads pickles with the machine's Python.
final class Pickles {
    private Pickles() {}

    /// The pickle of a Python literal.
    static byte[] of(String literal) throws IOException, InterruptedException {
        return HexFormat.of()
                .parseHex(python("import pickle; print(pickle.dumps(" + literal + ").hex())"));
    }

    /// How Python writes a pickled value.
    static String repr(byte[] pickle) throws IOException, InterruptedException {
        String hex = HexFormat.of().formatHex(pickle);
        return python("import pickle; print(repr(pickle.loads(bytes.fromhex('" + hex + "'))))");
    }

    private static String python(String code) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("python3", "-I", "-c", code).start();
        process.getOutputStream().close();
        String out =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.waitFor() != 0) {
            throw new IOException("python3 failed for " + code);
        }
        return out;
    }
}
