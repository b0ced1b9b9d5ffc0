package dev.quern.embed;

import static dev.quern.embed.TestModels.MINILM;
import static dev.quern.embed.TestModels.cosine;
import static dev.quern.embed.TestModels.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// The real model, end to end.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class EmbedServiceTest {
    private EmbedService service;

    @BeforeAll
    @SuppressWarnings("MustBeClosedChecker") // closed after the last test
    void open() {
        service = openService();
    }

    @AfterAll
    void close() {
        service.close();
    }

    @MustBeClosed
    private static EmbedService openService() {
        return EmbedService.open(new EmbedConfig(TestModels.DIRECTORY, 2, 4_096, 512));
    }

    @Test
    void describesItsModel() {
        assertThat(service.models()).hasSize(1);
        ModelInfo model = service.model("sentence-transformers/all-MiniLM-L6-v2");
        assertThat(model).isEqualTo(service.model(MINILM)).isEqualTo(service.models().getFirst());
        assertThat(model.dims()).isEqualTo(384);
        assertThat(model.maxTokens()).isEqualTo(256);
        assertThat(model.digest()).matches("[0-9a-f]{64}");
        assertThat(model.precision()).isEqualTo("fp32");
    }

    @Test
    void refusesUnknownModelNamingTheKnown() {
        assertThatThrownBy(() -> service.embed("gpt-5", texts("a")))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
                .hasMessageContaining("gpt-5")
                .hasMessageContaining(MINILM);
    }

    /// The model card's own example and its published similarities.
    @Test
    void givesThePublishedSimilarities() {
        float[][] v =
                service.embed(
                                MINILM,
                                texts(
                                        "The weather is lovely today.",
                                        "It's so sunny outside!",
                                        "He drove to the stadium."))
                        .vectors();
        assertThat(cosine(v[0], v[1])).isCloseTo(0.6660, within(1e-3));
        assertThat(cosine(v[0], v[2])).isCloseTo(0.1046, within(1e-3));
        assertThat(cosine(v[1], v[2])).isCloseTo(0.1411, within(1e-3));
    }

    @Test
    void vectorsAreOfUnitLengthAndCountTokens() {
        Embeddings embeddings = service.embed(MINILM, texts("hello world", "", "  \n"));
        assertThat(embeddings.tokens()).containsExactly(4, 2, 2);
        assertThat(embeddings.totalTokens()).isEqualTo(8);
        assertThat(embeddings.truncated()).isZero();
        assertThat(embeddings.digest()).isEqualTo(service.model(MINILM).digest());
        for (float[] vector : embeddings.vectors()) {
            double squares = 0;
            for (float x : vector) {
                squares += (double) x * x;
            }
            assertThat(squares).isCloseTo(1, within(1e-5));
        }
    }

    @Test
    void vectorDoesNotDependOnItsNeighbours() {
        List<String> texts = randomTexts(new Random(7), 60);
        Embeddings together = service.embed(MINILM, texts(texts));
        for (int i = 0; i < texts.size(); i++) {
            Embeddings alone = service.embed(MINILM, texts(texts.get(i)));
            assertThat(alone.tokens()[0]).isEqualTo(together.tokens()[i]);
            assertThat(maxDifference(alone.vectors()[0], together.vectors()[i]))
                    .as("text %d: %s", i, texts.get(i))
                    .isLessThan(1e-5f);
        }
    }

    @Test
    void concurrentCallersGetTheirOwnVectors() throws InterruptedException, ExecutionException {
        List<String> texts = randomTexts(new Random(11), 48);
        Embeddings expected = service.embed(MINILM, texts(texts));
        List<Callable<Embeddings>> calls = new ArrayList<>();
        for (String text : texts) {
            calls.add(() -> service.embed(MINILM, texts(text, text + " again")));
        }
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Embeddings>> answers = callers.invokeAll(calls);
            for (int i = 0; i < answers.size(); i++) {
                Embeddings answer = answers.get(i).get();
                assertThat(maxDifference(answer.vectors()[0], expected.vectors()[i]))
                        .isLessThan(1e-5f);
            }
        }
    }

    @Test
    void cutsAtTheModelsLimit() {
        String word = "hello ";
        String shorter = word.repeat(252);
        Embeddings e = service.embed(MINILM, texts(shorter, shorter + word.repeat(900)));
        assertThat(e.tokens()).containsExactly(254, 256);
        assertThat(e.truncated()).isEqualTo(1);
        Embeddings same = service.embed(MINILM, texts(word.repeat(254), word.repeat(255)));
        assertThat(same.tokens()).containsExactly(256, 256);
        assertThat(same.truncated()).isEqualTo(1);
    }

    @Test
    void acceptsTokenArraysWithAndWithoutTheirEnds() {
        int[] bare = {7592, 2088};
        int[] surrounded = {101, 7592, 2088, 102};
        Embeddings e =
                service.embed(
                        MINILM,
                        List.of(
                                new EmbedInput.Text("hello world"),
                                new EmbedInput.Tokens(bare),
                                new EmbedInput.Tokens(surrounded)));
        assertThat(e.tokens()).containsExactly(4, 4, 4);
        assertThat(e.vectors()[1]).isEqualTo(e.vectors()[2]);
        assertThat(maxDifference(e.vectors()[0], e.vectors()[1])).isLessThan(1e-6f);
    }

    @Test
    void refusesTokensOutsideTheVocabulary() {
        for (int bad : new int[] {-1, 30_522, Integer.MAX_VALUE}) {
            EmbedInput input = new EmbedInput.Tokens(new int[] {101, bad});
            assertThatThrownBy(() -> service.embed(MINILM, List.of(input)))
                    .isInstanceOfSatisfying(
                            QuernException.class,
                            e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                    .hasMessageContaining("token 1")
                    .hasMessageContaining(String.valueOf(bad));
        }
        assertThatThrownBy(() -> service.embed(MINILM, List.of(new EmbedInput.Tokens(new int[0]))))
                .hasMessageContaining("empty");
        assertThat(service.waitingTexts()).isZero();
    }

    @Test
    void cutsLongTokenArrays() {
        int[] ids = new int[1_000];
        Arrays.fill(ids, 7592);
        Embeddings e = service.embed(MINILM, List.of(new EmbedInput.Tokens(ids)));
        assertThat(e.tokens()).containsExactly(256);
        assertThat(e.truncated()).isEqualTo(1);
    }

    @Test
    void refusesNoInputsAndMoreThanTheQueueHolds() {
        assertThatThrownBy(() -> service.embed(MINILM, List.of())).hasMessageContaining("none");
        List<EmbedInput> tooMany = texts(Collections.nCopies(4_097, "a"));
        assertThatThrownBy(() -> service.embed(MINILM, tooMany))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID));
    }

    @Test
    void queryIsNotStuckBehindABigJob() throws InterruptedException, ExecutionException {
        List<EmbedInput> job = texts(randomTexts(new Random(3), 1_000));
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Embeddings> big = callers.submit(() -> service.embed(MINILM, job));
            while (service.waitingTexts() == 0) {
                Thread.onSpinWait();
            }
            service.embed(MINILM, texts("where is the grain stored?"));
            assertThat(big.isDone()).isFalse();
            assertThat(big.get().vectors()).hasNumberOfRows(1_000);
        }
    }

    @Test
    void fullQueueSaysWhenToRetry() {
        List<EmbedInput> job = texts(randomTexts(new Random(5), 4_096));
        EmbedService.Pending big = service.start(MINILM, job, false);
        assertThatThrownBy(() -> service.embed(MINILM, job))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> {
                            assertThat(e.kind()).isEqualTo(ErrorKind.EXHAUSTED);
                            assertThat((Long) e.details().get("retry_after_ms")).isPositive();
                        });
        big.cancel();
        assertThatThrownBy(big::join).hasMessageContaining("cancelled");
        assertThat(service.waitingTexts()).isZero();
        assertThat(service.embed(MINILM, texts("still here")).tokens()).containsExactly(4);
    }

    @Test
    void closingFailsWhatWaits() {
        EmbedService closed;
        EmbedService.Pending pending;
        try (EmbedService brief = openService()) {
            closed = brief;
            pending = brief.start(MINILM, texts(randomTexts(new Random(5), 2_000)), false);
        }
        assertThatThrownBy(pending::join)
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE));
        assertThatThrownBy(() -> closed.embed(MINILM, texts("late")))
                .hasMessageContaining("shutting down");
    }

    @Test
    @SuppressWarnings("MustBeClosedChecker") // nothing is opened
    void missingModelIsAClearError(@TempDir Path directory) throws IOException {
        Path absent = directory.resolve("absent");
        assertThatThrownBy(() -> EmbedService.open(EmbedConfig.of(absent)))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.NOT_FOUND))
                .hasMessageContaining(absent.toString())
                .hasMessageContaining("all-minilm-l6-v2");
        Path folder = Files.createDirectories(directory.resolve("all-minilm-l6-v2"));
        Files.writeString(folder.resolve("model.onnx"), "not a model");
        assertThatThrownBy(() -> EmbedService.open(EmbedConfig.of(directory)))
                .hasMessageContaining("tokenizer.json");
        Files.copy(
                TestModels.DIRECTORY.resolve("all-minilm-l6-v2/tokenizer.json"),
                folder.resolve("tokenizer.json"));
        assertThatThrownBy(() -> EmbedService.open(EmbedConfig.of(directory)))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID))
                .hasMessageContaining("model.onnx");
    }

    private static List<String> randomTexts(Random random, int count) {
        String[] words = {
            "grain", "mill", "stone", "river", "42", "flour,", "index;", "vector", "café", "你好",
            "😀"
        };
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            StringBuilder text = new StringBuilder();
            int length = 1 + random.nextInt(random.nextInt(10) == 0 ? 200 : 30);
            for (int w = 0; w < length; w++) {
                text.append(words[random.nextInt(words.length)]).append(' ');
            }
            texts.add(text.toString());
        }
        return texts;
    }

    private static float maxDifference(float[] a, float[] b) {
        float max = 0;
        for (int i = 0; i < a.length; i++) {
            max = Math.max(max, Math.abs(a[i] - b[i]));
        }
        return max;
    }
}
