package dev.quern.vector.fused;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.apache.lucene.codecs.CodecUtil;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnByteVectorField;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnByteVectorQuery;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.MMapDirectory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The files: what is in them, what damage does, and that every way to run them gives the same.
final class FusedFormatTest {
    private static final int ROWS = 1_200;
    private static final int K = 10;
    private static final int WIDTH = 40;

    @TempDir Path directory;

    @AfterEach
    void restore() {
        HotMemory.limit(Runtime.getRuntime().maxMemory() / 2);
    }

    private float[][] write(RandomGenerator random, int dims) throws IOException {
        float[][] all = FusedSeed.clustered(random, ROWS, dims, 20);
        try (GraphRig rig = new GraphRig(directory, VectorSimilarityFunction.EUCLIDEAN, 300)) {
            rig.addAll(all);
            rig.writer.forceMerge(1);
            rig.writer.commit();
        }
        return all;
    }

    private Path file(String extension) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(f -> f.toString().endsWith("." + extension)).findFirst().get();
        }
    }

    @Test
    void blocksHaveTheLengthThatTheSpecificationGives() {
        FusedSeed.run(random -> {
            write(random, 70);
            long blocks = ROWS * (8L * 128 + 384);
            assertThat(Files.size(file("qvb"))).isBetween(blocks + 16, blocks + 200);
        });
    }

    /// `golden/fused-v1.zip` is an index that version 1 wrote: 60 of [FusedSeed#clustered] by seed
    /// 1.
    @Test
    void readsWhatVersion1Wrote() throws IOException {
        try (ZipInputStream zip =
                new ZipInputStream(
                        FusedFormatTest.class.getResourceAsStream("/golden/fused-v1.zip"))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Files.write(directory.resolve(entry.getName()), zip.readAllBytes());
            }
        }
        float[][] all =
                FusedSeed.clustered(
                        RandomGeneratorFactory.of("L64X128MixRandom").create(1), 60, 10, 4);
        try (Directory files = new MMapDirectory(directory);
                DirectoryReader reader = DirectoryReader.open(files)) {
            assertThat(GraphRig.vertices(reader)).isEqualTo(60);
            for (int i = 0; i < all.length; i++) {
                // A width of 3 of 60 rows makes it walk.
                assertThat(GraphRig.search(reader, all[i], 1, 3, null)).containsExactly(i);
            }
        }
    }

    @Test
    void damageToTheMetadataIsNoticedAtOpening() {
        FusedSeed.run(random -> {
            write(random, 16);
            Path meta = file("qvm");
            byte[] good = Files.readAllBytes(meta);
            for (int i = 0; i < good.length; i++) {
                byte[] bad = good.clone();
                bad[i] ^= (byte) (1 + random.nextInt(255));
                Files.write(meta, bad);
                assertThat(failure()).as("byte %d", i).isPresent();
            }
            for (int length = 0; length < good.length; length += 3) {
                Files.write(meta, Arrays.copyOf(good, length));
                assertThat(failure()).as("length %d", length).isPresent();
            }
        });
    }

    /// What opening and searching throws, if it is of the kind that names the file.
    private Optional<Exception> failure() throws IOException {
        try (Directory files = new MMapDirectory(directory);
                DirectoryReader reader = DirectoryReader.open(files)) {
            GraphRig.search(reader, new float[16], K, WIDTH, null);
            return Optional.empty();
        } catch (CorruptIndexException
                | IndexFormatTooNewException
                | IndexFormatTooOldException e) {
            assertThat(e.getMessage()).contains("qv");
            return Optional.of(e);
        }
    }

    /// Whatever an entry says, under a checksum that is right: a result, or an error of the kind.
    @Test
    void metadataThatSaysAnythingGivesAResultOrIsNamed() {
        FusedSeed.run(random -> {
            write(random, 16);
            Path meta = file("qvm");
            byte[] good = Files.readAllBytes(meta);
            int entry = good.length - CodecUtil.footerLength() - Integer.BYTES - 33;
            int[] edges = {-2, -1, 0, 1, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE};
            for (int round = 0; round < 300; round++) {
                ByteBuffer bad = ByteBuffer.wrap(good.clone()).order(ByteOrder.LITTLE_ENDIAN);
                int at = entry + random.nextInt(33 + 1);
                bad.putInt(
                        at,
                        random.nextBoolean()
                                ? edges[random.nextInt(edges.length)]
                                : random.nextInt());
                CRC32 sum = new CRC32();
                sum.update(bad.array(), 0, good.length - Long.BYTES);
                bad.order(ByteOrder.BIG_ENDIAN).putLong(good.length - Long.BYTES, sum.getValue());
                Files.write(meta, bad.array());
                var _ = failure();
            }
            Files.write(meta, good);
            assertThat(failure()).isEmpty();
        });
    }

    @Test
    void damageToBlocksGivesAResultOrIsNamed() {
        FusedSeed.run(random -> {
            write(random, 16);
            Path file = file("qvb");
            byte[] good = Files.readAllBytes(file);
            for (int round = 0; round < 150; round++) {
                byte[] bad = good.clone();
                int from = 128 + random.nextInt(bad.length - 600);
                for (int i = from;
                        i < Math.min(from + random.nextInt(4_000), bad.length - 16);
                        i++) {
                    bad[i] = (byte) random.nextInt();
                }
                Files.write(file, bad);
                failure().ifPresent(e -> assertThat(e.getMessage()).contains("offset"));
                assertThat(integrityFailure()).isPresent();
            }
            for (int round = 0; round < 20; round++) {
                Files.write(file, Arrays.copyOf(good, random.nextInt(good.length)));
                assertThat(failure()).isPresent();
            }
        });
    }

    @Test
    void aNeighbourThatIsNotThereIsNamed() {
        FusedSeed.run(random -> {
            write(random, 16);
            Path file = file("qvb");
            ByteBuffer bytes =
                    ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            int blockBytes = 8 * 64 + 384;
            int start = bytes.capacity() - 16 - ROWS * blockBytes;
            for (int vertex = 0; vertex < ROWS; vertex++) {
                int ids = start + vertex * blockBytes + 8 * 64 + 256;
                for (int slot = 0; slot < 32; slot++) {
                    bytes.putInt(ids + slot * 4, random.nextBoolean() ? -1 : ROWS);
                }
            }
            Files.write(file, bytes.array());
            assertThat(failure())
                    .hasValueSatisfying(e ->
                            assertThat(e.getMessage())
                                    .contains("names vertex", "of 1200", "offset", "qvb"));
        });
    }

    private Optional<Exception> integrityFailure() throws IOException {
        try (Directory files = new MMapDirectory(directory);
                DirectoryReader reader = DirectoryReader.open(files)) {
            LeafReader leaf = reader.leaves().getFirst().reader();
            leaf.checkIntegrity();
            return Optional.empty();
        } catch (CorruptIndexException e) {
            return Optional.of(e);
        }
    }

    @Test
    void worksWhereFilesAreNotMapped() {
        FusedSeed.run(random -> {
            float[][] all = write(random, 30);
            List<String> mapped = FusedProbe.answers(directory, all.length, 30);
            long before = HotMemory.usedBytes();
            try (Directory files = new MMapDirectory(directory);
                    Directory heap = new ByteBuffersDirectory()) {
                for (String name : files.listAll()) {
                    heap.copyFrom(files, name, name, IOContext.DEFAULT);
                }
                try (DirectoryReader reader = DirectoryReader.open(heap)) {
                    assertThat(FusedProbe.answers(reader, all.length, 30)).isEqualTo(mapped);
                    assertThat(HotMemory.usedBytes()).isGreaterThan(before);
                }
                HotMemory.limit(0);
                try (DirectoryReader reader = DirectoryReader.open(heap)) {
                    // Without memory every vector is compared.
                    assertThat(GraphRig.search(reader, all[5], 1, WIDTH, null)).containsExactly(5);
                    assertThat(HotMemory.usedBytes()).isEqualTo(before);
                }
            }
        });
    }

    /// With 260 dimensions walks end by a limit.
    @ParameterizedTest
    @ValueSource(ints = {100, 260})
    void aJvmWithoutTheVectorModuleAnswersTheSame(int dims) {
        FusedSeed.run(random -> {
            write(random, dims);
            List<String> here = FusedProbe.answers(directory, ROWS, dims);
            assertThat(probe(dims)).contains("kernel PlainKernel").containsAll(here);
            assertThat(
                            probe(
                                    dims,
                                    "--add-modules=jdk.incubator.vector",
                                    "-Dquern.vector.plain=true"))
                    .contains("kernel PlainKernel")
                    .containsAll(here);
            assertThat(probe(dims, "--add-modules=jdk.incubator.vector", "-XX:MaxVectorSize=32"))
                    .contains("kernel PlainKernel")
                    .containsAll(here);
        });
    }

    private List<String> probe(int dims, String... flags) throws IOException {
        Path out = directory.resolveSibling("probe.out");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(flags));
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(
                List.of(
                        FusedProbe.class.getName(),
                        directory.toString(),
                        "" + ROWS,
                        "" + dims,
                        out.toString()));
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        assertThat(process.onExit().join().exitValue()).isZero();
        return Files.readAllLines(out, StandardCharsets.UTF_8);
    }

    @Test
    void takesSeveralFieldsAndRowsWithoutVectors() {
        FusedSeed.run(random -> {
            float[][] all = FusedSeed.clustered(random, ROWS, 20, 10);
            try (GraphRig rig = new GraphRig(directory, VectorSimilarityFunction.EUCLIDEAN, 200)) {
                for (int i = 0; i < ROWS; i++) {
                    Document document = new Document();
                    if (i % 3 == 0) {
                        document.add(new KnnFloatVectorField("sparse", all[i]));
                    }
                    document.add(
                            new KnnFloatVectorField(
                                    "full",
                                    all[i],
                                    VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT));
                    document.add(new KnnByteVectorField("bytes", bytes(all[i])));
                    rig.writer.addDocument(document);
                }
                rig.writer.forceMerge(1);
                try (DirectoryReader reader = DirectoryReader.open(rig.writer)) {
                    IndexSearcher searcher = new IndexSearcher(reader);
                    for (int i = 0; i < 300; i += 3) {
                        ScoreDoc[] sparse =
                                searcher.search(new KnnFloatVectorQuery("sparse", all[i], 20), 1)
                                        .scoreDocs;
                        assertThat(sparse[0].doc).isEqualTo(i);
                        assertThat(sparse[0].score).isEqualTo(1);
                        assertThat(
                                        searcher.search(
                                                        new KnnByteVectorQuery(
                                                                "bytes", bytes(all[i]), 5),
                                                        5)
                                                .scoreDocs)
                                .hasSize(5);
                    }
                }
            }
        });
    }

    private static byte[] bytes(float[] vector) {
        byte[] bytes = new byte[vector.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (vector[i] * 20);
        }
        return bytes;
    }
}
