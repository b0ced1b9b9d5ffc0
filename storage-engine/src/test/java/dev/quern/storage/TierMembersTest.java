package dev.quern.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TierMembersTest {
    @TempDir Path directory;
    private final MemoryTier tier = new MemoryTier();
    private final AtomicReference<Instant> now = new AtomicReference<>(TierStores.NOW);
    private final InstantSource clock = now::get;
    private TierMembers own;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after each test
    void join() throws IOException {
        own = join("own");
    }

    @AfterEach
    void leave() {
        own.close();
    }

    @MustBeClosed
    private TierMembers join(String name) throws IOException {
        Path at = Files.createDirectories(directory.resolve(name));
        return TierMembers.join(tier, new LocalDisk(), at, new Random(), clock);
    }

    private String id(String name) throws IOException {
        String blob = Files.readString(directory.resolve(name).resolve("member")).strip();
        return blob.substring(TierStoreFormat.MEMBERS.length());
    }

    private void refuses(ErrorKind kind, String id, String why) {
        assertThatThrownBy(() -> own.forget(id))
                .satisfies(e -> ChunkStoreContract.assertKind(e, kind))
                .hasMessageContaining(why);
    }

    @Test
    void listsWhoRunsAndSinceWhenOthersDoNot() throws IOException {
        TierMember killed;
        try (TierMembers other = join("other")) {
            killed = other.list().getFirst();
            assertThat(killed).isEqualTo(new TierMember(id("other"), true, true, killed.seenAt()));
            assertThat(killed.seenAt()).contains(TierStores.NOW);
            assertThat(own.list())
                    .extracting(TierMember::id, TierMember::own, TierMember::running)
                    .containsExactly(
                            tuple(id("own"), true, true),
                            tuple(id("other"), false, true));
        }
        TierMember stopped = own.list().getLast();
        assertThat(stopped.running()).isFalse();
        assertThat(stopped.seenAt()).isEmpty();
        assertThat(join(directory.resolve("other"))).isEqualTo(id("other"));
    }

    /// Joins again, and is killed.
    @SuppressWarnings("MustBeClosedChecker") // it is killed
    private String join(Path at) throws IOException {
        TierMembers again = join(String.valueOf(at.getFileName()));
        return again.list().getFirst().id();
    }

    @Test
    void forgetsWhoIsLost() throws IOException {
        String lost = join(directory.resolve("lost"));
        assertThatThrownBy(() -> own.requireAlone("test")).hasMessageContaining(lost);
        refuses(ErrorKind.CONFLICT, lost, "passes at 2026-03-04T05:21:07Z");
        now.set(TierStores.NOW.plus(TierLease.LENGTH));
        assertThat(own.list().getLast().running()).isFalse();
        assertThat(own.list().getLast().seenAt()).contains(TierStores.NOW);
        own.forget(lost);
        own.requireAlone("test");
        assertThat(tier.names()).noneMatch(name -> name.contains(lost));
        refuses(ErrorKind.NOT_FOUND, lost, lost);

        assertThat(join(directory.resolve("lost"))).isEqualTo(lost); // found again
        assertThatThrownBy(() -> own.requireAlone("test")).hasMessageContaining(lost);
    }

    @Test
    void doesNotForgetItselfOrWhatIsNoMember() throws IOException {
        refuses(ErrorKind.CONFLICT, id("own"), "it is this server");
        for (String no : List.of("", "x", "0".repeat(32), "../store", id("own") + "-00000000")) {
            refuses(ErrorKind.NOT_FOUND, no, "has no member");
        }
        own.requireAlone("test");
    }

    @Test
    void doesNotForgetOneThatIsStartedMeanwhile() throws IOException {
        String other = join(directory.resolve("other"));
        now.set(TierStores.NOW.plus(Duration.ofHours(1)));
        Tier starting =
                new WatchedTier(
                        tier,
                        _ -> {},
                        _ -> {
                            try {
                                join(directory.resolve("other"));
                            } catch (IOException e) {
                                throw new AssertionError(e);
                            }
                        });
        Path at = directory.resolve("own");
        try (TierMembers again =
                TierMembers.join(starting, new LocalDisk(), at, new Random(), clock)) {
            assertThatThrownBy(() -> again.forget(other))
                    .isInstanceOf(QuernException.class)
                    .hasMessageContaining("its server runs");
        }
        assertThat(tier.size(TierStoreFormat.member(other))).isPresent();
    }

    @Test
    void anOutageInTheMiddleCanBeRunAgain() throws IOException {
        String lost = join(directory.resolve("lost"));
        now.set(TierStores.NOW.plus(TierLease.LENGTH));
        boolean done = false;
        for (int calls = 0; !done; calls++) {
            tier.failCallsAfter(calls, calls % 2 == 0);
            try {
                own.forget(lost);
                done = true;
            } catch (QuernException e) {
                done = e.kind() == ErrorKind.NOT_FOUND;
            }
            tier.down(false);
        }
        own.requireAlone("test");
    }
}
