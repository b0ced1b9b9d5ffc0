package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/// Writes the golden files of the latest versions anew, into a directory that is given: only after
/// a new version has got a new name. What is there under an old name is never written again.
final class GoldenPacks {
    private GoldenPacks() {}

    /// One for each codec.
    static List<byte[]> chunks() {
        return List.of(
                Chunks.bytes(1, 1000),
                Chunks.words(1, 3000),
                Chunks.halfFloats(8000),
                Chunks.floats(16_001));
    }

    static void main(String[] args) throws IOException {
        Path target = Path.of(args[0]);
        Path directory = Files.createTempDirectory("golden");
        try (PackWriter writer = pack(directory);
                BodyCodec plain = new BodyCodec(true, new Random(1), new ClearKeys());
                BodyCodec sealed = new BodyCodec(true, new Random(1), BodyCodecTest.KEYS)) {
            for (BodyCodec codec : List.of(plain, sealed)) {
                for (byte[] chunk : chunks()) {
                    ChunkId id = MemoryChunkStore.idOf(chunk);
                    PackAppender.ChunkBody body = codec.encode(SPACE, id, ByteBuffer.wrap(chunk));
                    writer.append(SPACE, id, body.bytes(), body.form());
                }
            }
            writer.forceFinished();
            Files.copy(writer.pack().file(), target.resolve("pack-v2.pack"));
        }
        Pack pack = new Pack(new LocalDisk(), directory, 1, Pack.Kind.RUN);
        try (RunThreads threads = new RunThreads();
                RunWriter writer = RunWriter.create(new LocalDisk(), pack, threads, SPACE)) {
            for (byte[] chunk : chunks()) {
                ByteBuffer bytes = ByteBuffer.wrap(chunk);
                writer.keep(
                        writer.begin(bytes), MemoryChunkStore.idOf(chunk), Checksums.crc32c(bytes));
            }
            writer.complete();
            Files.copy(pack.file(), target.resolve("run-v1.run"));
            Files.copy(pack.tableFile(), target.resolve("run-v1.idx"));
        }
    }

    private static PackWriter pack(Path directory) throws IOException {
        Pack pack = new Pack(new LocalDisk(), directory, 1, Pack.Kind.RECORDS);
        return PackWriter.create(new LocalDisk(), pack, 5, 64 << 10);
    }
}
