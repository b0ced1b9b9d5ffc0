package dev.quern.storage;

import static dev.quern.storage.ChunkStoreContract.assertKind;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OperatorKeyTest {
    private static final byte[] BYTES = Chunks.bytes(1, 32);
    private static final OperatorKey KEY = OperatorKey.of(BYTES);

    @TempDir Path directory;

    @Test
    void readsHexAndBase64() {
        String hex = HexFormat.of().formatHex(BYTES);
        String base64 = Base64.getEncoder().encodeToString(BYTES);

        assertThat(OperatorKey.parse(hex)).isEqualTo(KEY).hasSameHashCodeAs(KEY);
        assertThat(OperatorKey.parse(" " + base64 + "\n")).isEqualTo(KEY);
        assertThat(OperatorKey.of(Chunks.bytes(2, 32))).isNotEqualTo(KEY);
    }

    @Test
    void refusesAnythingElseWithoutShowingIt() {
        for (String text : new String[] {"", "secretsecret", "z".repeat(64), "a".repeat(62)}) {
            assertThatThrownBy(() -> OperatorKey.parse(text))
                    .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                    .hasMessageNotContaining("secret");
        }
        assertThat(KEY.toString())
                .isEqualTo("operator key " + KEY.fingerprint())
                .doesNotContain(HexFormat.of().formatHex(BYTES, 0, 4));
    }

    @Test
    void readsAFileThatOnlyItsOwnerMayRead() throws IOException {
        for (byte[] content :
                new byte[][] {BYTES, Chunks.text(HexFormat.of().formatHex(BYTES) + "\n")}) {
            for (String mode : new String[] {"rw-------", "r--------"}) {
                Path file = file(content, mode);
                assertThat(OperatorKey.read(file)).isEqualTo(KEY);
                Files.delete(file);
            }
        }
    }

    @Test
    void refusesAFileThatOthersMayRead() throws IOException {
        for (String mode : new String[] {"rw-r--r--", "rw-rw----", "rwx------"}) {
            Path file = file(BYTES, mode);
            assertThatThrownBy(() -> OperatorKey.read(file))
                    .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining(mode);
            Files.delete(file);
        }
        assertThatThrownBy(() -> OperatorKey.read(directory.resolve("none")))
                .satisfies(e -> assertKind(e, ErrorKind.UNAVAILABLE));
        Path empty = file(new byte[0], "rw-------");
        assertThatThrownBy(() -> OperatorKey.read(empty))
                .satisfies(e -> assertKind(e, ErrorKind.INVALID))
                .hasMessageContaining(empty.toString());
    }

    private Path file(byte[] content, String mode) throws IOException {
        Path file = Files.write(directory.resolve("key"), content);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    }
}
