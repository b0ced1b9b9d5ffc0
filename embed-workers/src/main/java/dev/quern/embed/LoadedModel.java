package dev.quern.embed;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// A model ready to run. The digest of its weights is computed once, when it is loaded.
/// Thread-safe; the [EmbedService] that loaded it closes it.
///
/// @param info what callers see of it
/// @param tokenizer its tokenizer
/// @param engine its weights
record LoadedModel(ModelInfo info, Tokenizer tokenizer, EmbedEngine engine)
        implements AutoCloseable {
    @MustBeClosed
    @SuppressWarnings(
            "MustBeClosedChecker") // the record closes both; a failure closes what is open
    static LoadedModel load(ModelCatalogue.Located located) {
        ModelCatalogue.Entry entry = located.entry();
        Tokenizer tokenizer = Tokenizer.open(located.tokenizerFile());
        try {
            OnnxEngine engine = OnnxEngine.open(located.modelFile());
            ModelInfo info =
                    new ModelInfo(
                            entry.id(),
                            entry.aliases(),
                            engine.dims(),
                            entry.maxTokens(),
                            sha256(located.modelFile()),
                            engine.precision());
            return new LoadedModel(info, tokenizer, engine);
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    @Override
    public void close() {
        try (tokenizer) {
            engine.close();
        }
    }

    private static String sha256(Path file) {
        try (InputStream bytes = Files.newInputStream(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] buffer = new byte[1 << 20];
            for (int n = bytes.read(buffer); n >= 0; n = bytes.read(buffer)) {
                digest.update(buffer, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (IOException | NoSuchAlgorithmException e) {
            throw QuernException.internal("model file " + file + " cannot be read", e);
        }
    }
}
