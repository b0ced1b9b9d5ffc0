package dev.quern.flight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ErrorKind;
import dev.quern.common.SpaceId;
import dev.quern.storage.MemoryChunkStore;
import dev.quern.volume.CommitId;
import dev.quern.volume.CommitRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.LargeVarBinaryVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileUploadTest {
    private static final List<String> PATH = List.of("volume", "docs", "in/a.bin");
    private static final Schema DATA_ONLY =
            new Schema(List.of(Field.nullable("data", ArrowType.Binary.INSTANCE)));

    private final MemoryChunkStore chunks = new MemoryChunkStore();
    private @TempDir Path directory;
    private Rig rig;

    @BeforeEach
    void open() {
        rig = new Rig(directory, Rig.SMALL, chunks);
        rig.volumes.create(SpaceId.DEFAULT, "docs", false);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void commitsAFileOfItsOwn() {
        byte[] bytes = Rig.noise(3_000_000, 7);

        List<String> answers = Upload.file(rig, PATH, bytes, 1 << 20);

        assertThat(rig.readFile(rig.info("volume", "docs", "in/a.bin"))).isEqualTo(bytes);
        Map<String, Object> body = json(answers);
        assertThat(body)
                .containsEntry("path", "in/a.bin")
                .containsEntry("size_bytes", bytes.length)
                .containsKeys("hash", "new_bytes");
        assertThat(body.get("commit"))
                .asInstanceOf(InstanceOfAssertFactories.MAP)
                .containsEntry("id", head().hex())
                .containsEntry("files", 1);
    }

    @Test
    void takesAnEmptyFile() {
        assertThat(json(Upload.file(rig, PATH, new byte[0], 1))).containsEntry("size_bytes", 0);
        assertThat(rig.readFile(rig.info("volume", "docs", "in/a.bin"))).isEmpty();
    }

    @Test
    void stagesInASession() {
        CommitId before = head();
        List<String> answers;
        try (Upload upload = new Upload(rig, DATA_ONLY, PATH, Rig.auth())) {
            upload.sendData(0, text("one "), 0, 4, "{\"session\": \"mine\"}");
            upload.sendData(4, text("two"), 0, 3, null);
            answers = upload.finish();
        }

        assertThat(json(answers)).containsEntry("commit", null);
        assertThat(head()).isEqualTo(before);
        assertThat(rig.volumes.staged(SpaceId.DEFAULT, "docs", "mine").puts()).hasSize(1);
        rig.volumes.commit(SpaceId.DEFAULT, "docs", CommitRequest.of("mine", ""));
        assertThat(rig.readFile(rig.info("volume", "docs", "in/a.bin"))).isEqualTo(text("one two"));
    }

    @Test
    void commitsASessionWhenTold() {
        try (Upload upload = new Upload(rig, DATA_ONLY, PATH, Rig.auth())) {
            upload.sendData(0, text("x"), 0, 1, "{\"session\": \"mine\", \"commit\": true}");
            assertThat(json(upload.finish()).get("commit")).isNotNull();
        }
        assertThat(rig.readFile(rig.info("volume", "docs", "in/a.bin"))).isEqualTo(text("x"));
    }

    @Test
    void takesManyRowsInABatchAndOtherOrderOfColumns() {
        Schema schema =
                new Schema(
                        List.of(
                                Field.notNullable("data", ArrowType.LargeBinary.INSTANCE),
                                Field.nullable("offset", new ArrowType.Int(64, true))));
        try (Upload upload = new Upload(rig, schema, PATH, Rig.auth())) {
            upload.send(
                    3,
                    root -> {
                        BigIntVector offsets = (BigIntVector) root.getVector("offset");
                        offsets.allocateNew(3);
                        var data = (LargeVarBinaryVector) root.getVector("data");
                        data.allocateNew(100, 3);
                        int[] starts = {0, 5, 5};
                        String[] parts = {"hello", "", " world"};
                        for (int i = 0; i < 3; i++) {
                            offsets.set(i, starts[i]);
                            data.set(i, text(parts[i]));
                        }
                    });
            upload.finish();
        }
        assertThat(rig.readFile(rig.info("volume", "docs", "in/a.bin")))
                .isEqualTo(text("hello world"));
    }

    @Test
    void refusesAWrongSchema() {
        Schema wrong =
                new Schema(
                        List.of(
                                Field.nullable("bytes", ArrowType.Binary.INSTANCE),
                                Field.nullable("offset", new ArrowType.Int(32, true))));
        try (Upload upload = new Upload(rig, wrong, PATH, Rig.auth())) {
            Rig.assertFails(
                    FlightStatusCode.INVALID_ARGUMENT,
                    "must be {data: binary} or {offset: int64, data: binary};"
                            + " got {bytes: binary, offset: int32}",
                    upload::finish);
        }
        assertNothingStored();
    }

    @Test
    void refusesGaps() {
        try (Upload upload = new Upload(rig, FlightSchemas.FILE, PATH, Rig.auth())) {
            upload.sendData(0, text("abc"), 0, 3, null);
            upload.sendData(4, text("def"), 0, 3, null);
            Rig.assertFails(FlightStatusCode.INVALID_ARGUMENT, "offset must be 3", upload::finish);
        }
        assertNothingStored();
    }

    @Test
    void refusesNullData() {
        try (Upload upload = new Upload(rig, DATA_ONLY, PATH, Rig.auth())) {
            upload.send(1, root -> ((VarBinaryVector) root.getVector("data")).allocateNew(1));
            Rig.assertFails(FlightStatusCode.INVALID_ARGUMENT, "is null", upload::finish);
        }
        assertNothingStored();
    }

    @Test
    void refusesBadMetadata() {
        assertMetadataFails("not json", "DoPut metadata is not valid");
        assertMetadataFails("{\"sesion\": \"x\"}", "sesion");
        assertMetadataFails("{\"session\": \"../x\"}", "session name");
        assertMetadataFails("{\"commit\": false}", "without a \"session\"");
    }

    @Test
    void refusesBadTargets() {
        assertPathFails(FlightStatusCode.NOT_FOUND, "nowhere", "volume", "nowhere", "a");
        assertPathFails(FlightStatusCode.INVALID_ARGUMENT, "..", "volume", "docs", "../a");
        assertPathFails(
                FlightStatusCode.INVALID_ARGUMENT, "must not be empty", "volume", "docs", "");
        assertPathFails(
                FlightStatusCode.INVALID_ARGUMENT,
                "leave the commit",
                "volume",
                "docs",
                "main",
                "a");
        assertPathFails(FlightStatusCode.INVALID_ARGUMENT, "descriptor path", "file", "a");
    }

    @Test
    void refusesAMissingToken() {
        try (Upload upload = new Upload(rig, DATA_ONLY, PATH)) {
            Rig.assertFails(FlightStatusCode.UNAUTHENTICATED, "missing", upload::finish);
        }
        assertNothingStored();
    }

    @Test
    void refusesAMessageOverTheBound() {
        byte[] bytes = new byte[5 << 20];
        Rig.assertFails(
                FlightStatusCode.RESOURCE_EXHAUSTED,
                "maximum size 4194304",
                () -> Upload.file(rig, PATH, bytes, bytes.length));
        assertNothingStored();
        // The connection, and with it every other call on it, goes on.
        rig.put("docs", "b", text("still here"));
        assertThat(rig.readFile(rig.info("volume", "docs", "b"))).isEqualTo(text("still here"));
    }

    @Test
    void aFullDiskIsExhaustedAndTheServerGoesOn() {
        chunks.limitCapacity(2 << 20);
        var failure = Rig.failure(() -> Upload.file(rig, PATH, Rig.noise(6 << 20, 1), 1 << 20));
        assertThat(failure.status().code()).isEqualTo(FlightStatusCode.RESOURCE_EXHAUSTED);
        assertThat(Rig.kind(failure)).contains(ErrorKind.EXHAUSTED.name());

        chunks.limitCapacity(Long.MAX_VALUE);
        Upload.file(rig, PATH, text("fits"), 4);
        assertThat(rig.readFile(rig.info("volume", "docs", "in/a.bin"))).isEqualTo(text("fits"));
    }

    @Test
    void aBrokenOffUploadStoresNothing() {
        try (Upload upload = new Upload(rig, FlightSchemas.FILE, PATH, Rig.auth())) {
            byte[] bytes = Rig.noise(2 << 20, 1);
            upload.sendData(0, bytes, 0, 1 << 20, null);
            upload.sendData(1 << 20, bytes, 1 << 20, 1 << 20, null);
            upload.abandon();
        }
        assertNothingStored();
    }

    private void assertMetadataFails(String json, String message) {
        try (Upload upload = new Upload(rig, DATA_ONLY, PATH, Rig.auth())) {
            upload.sendData(0, text("x"), 0, 1, json);
            Rig.assertFails(FlightStatusCode.INVALID_ARGUMENT, message, upload::finish);
        }
        assertNothingStored();
    }

    private void assertPathFails(FlightStatusCode code, String message, String... path) {
        Rig.assertFails(code, message, () -> Upload.file(rig, List.of(path), text("x"), 1));
    }

    private void assertNothingStored() {
        assertThat(rig.volumes.resolve(SpaceId.DEFAULT, "docs", Optional.empty()).files()).isZero();
    }

    private CommitId head() {
        return rig.volumes.get(SpaceId.DEFAULT, "docs").head();
    }

    private static Map<String, Object> json(List<String> answers) {
        assertThat(answers).hasSize(1);
        return FlightJson.readObject("answer", text(answers.getFirst()));
    }

    private static byte[] text(String value) {
        return value.getBytes(StandardCharsets.UTF_8);
    }
}
