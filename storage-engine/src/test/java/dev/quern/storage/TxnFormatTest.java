package dev.quern.storage;

import static dev.quern.storage.Chunks.SPACE;
import static dev.quern.storage.Chunks.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.Txn.Condition;
import dev.quern.storage.Txn.Mutation;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TxnFormatTest {
    private static final Key A = Key.of("a", "b");

    private static final Txn ONE_OF_EACH =
            Txn.in(SPACE)
                    .when(new Condition.Absent(A))
                    .when(new Condition.Exists(A))
                    .when(new Condition.Version(A, 258))
                    .put(A, text("v"))
                    .then(new Mutation.Append(A, text("")))
                    .delete(A)
                    .then(new Mutation.DeleteThrough(A, A.child("c")))
                    .require(MemoryChunkStore.idOf(text("")))
                    .build();

    /// Version 1 as it lies in logs: never change this, add a version.
    private static final String GOLDEN =
            "01"
                    + "07"
                    + hex("default")
                    + "00000003"
                    + "01"
                    + "00000004"
                    + "61006200"
                    + "02"
                    + "00000004"
                    + "61006200"
                    + "03"
                    + "00000004"
                    + "61006200"
                    + "0000000000000102"
                    + "00000004"
                    + "01"
                    + "00000004"
                    + "61006200"
                    + "00000001"
                    + hex("v")
                    + "02"
                    + "00000004"
                    + "61006200"
                    + "00000000"
                    + "03"
                    + "00000004"
                    + "61006200"
                    + "04"
                    + "00000004"
                    + "61006200"
                    + "00000006"
                    + "610062006300"
                    + "00000001"
                    + "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    @Test
    void versionOneIsAsItWas() {
        assertThat(HexFormat.of().formatHex(TxnFormat.encode(ONE_OF_EACH))).isEqualTo(GOLDEN);
        assertThat(TxnFormat.decode(HexFormat.of().parseHex(GOLDEN)))
                .usingRecursiveComparison()
                .isEqualTo(ONE_OF_EACH);
    }

    private static final Txn INDEXED =
            Txn.in(SPACE)
                    .put(A, text("v"))
                    .put(A, text("w"), List.of(Key.of("i"), Key.of("i", "j")))
                    .build();

    /// Version 2 as it lies in logs: never change this, add a version.
    private static final String GOLDEN_2 =
            "02"
                    + "07"
                    + hex("default")
                    + "00000000"
                    + "00000002"
                    + "01"
                    + "00000004"
                    + "61006200"
                    + "00000001"
                    + hex("v")
                    + "05"
                    + "00000004"
                    + "61006200"
                    + "00000001"
                    + hex("w")
                    + "00000002"
                    + "00000002"
                    + "6900"
                    + "00000004"
                    + "69006a00"
                    + "00000000";

    @Test
    void versionTwoIsAsItWas() {
        assertThat(HexFormat.of().formatHex(TxnFormat.encode(INDEXED))).isEqualTo(GOLDEN_2);
        assertThat(TxnFormat.decode(HexFormat.of().parseHex(GOLDEN_2)))
                .usingRecursiveComparison()
                .isEqualTo(INDEXED);
    }

    @Test
    void versionMustGoWithTheMutations() {
        for (String bytes : List.of("02" + GOLDEN.substring(2), "01" + GOLDEN_2.substring(2))) {
            assertThatThrownBy(() -> TxnFormat.decode(HexFormat.of().parseHex(bytes)))
                    .satisfies(TxnFormatTest::isCorrupt);
        }
    }

    @Test
    void readsBackRandomTransactions() {
        Random random = new Random(5);
        for (int i = 0; i < 300; i++) {
            Txn txn = RandomTxns.next(random, 100);
            assertThat(TxnFormat.decode(TxnFormat.encode(txn)))
                    .usingRecursiveComparison()
                    .isEqualTo(txn);
        }
    }

    @Test
    void cutBytesAreCorrupt() {
        cutBytesAreCorrupt(TxnFormat.encode(ONE_OF_EACH));
        cutBytesAreCorrupt(TxnFormat.encode(INDEXED));
    }

    private static void cutBytesAreCorrupt(byte[] whole) {
        for (int cut = 0; cut < whole.length; cut++) {
            byte[] torn = Arrays.copyOf(whole, cut);
            assertThatThrownBy(() -> TxnFormat.decode(torn)).satisfies(TxnFormatTest::isCorrupt);
        }
        byte[] longer = Arrays.copyOf(whole, whole.length + 1);
        assertThatThrownBy(() -> TxnFormat.decode(longer)).satisfies(TxnFormatTest::isCorrupt);
    }

    @Test
    void anyBytesAreATransactionOrCorrupt() {
        anyBytesLike(TxnFormat.encode(ONE_OF_EACH));
        anyBytesLike(TxnFormat.encode(INDEXED));
    }

    private static void anyBytesLike(byte[] whole) {
        Random random = new Random(6);
        for (int i = 0; i < 20_000; i++) {
            byte[] any = whole.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                any[random.nextInt(any.length)] = (byte) random.nextInt();
            }
            try {
                assertThat(TxnFormat.encode(TxnFormat.decode(any))).isEqualTo(any);
            } catch (QuernException e) {
                isCorrupt(e);
            }
        }
    }

    @Test
    void bounds() {
        int overhead = TxnFormat.encode(Txn.in(SPACE).put(A, new byte[0]).build()).length;
        int room = MetaLog.MAX_TXN_BYTES - overhead;
        assertThat(TxnFormat.encode(Txn.in(SPACE).put(A, new byte[room]).build()))
                .hasSize(MetaLog.MAX_TXN_BYTES);
        assertThatThrownBy(() -> TxnFormat.encode(Txn.in(SPACE).put(A, new byte[room + 1]).build()))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.kind()).isEqualTo(ErrorKind.INVALID));
    }

    private static void isCorrupt(Throwable error) {
        ChunkStoreContract.assertKind(error, ErrorKind.CORRUPT);
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text(text));
    }
}
