package dev.quern.function;

import dev.quern.common.SpaceId;
import dev.quern.function.CallFormat.Finished;
import dev.quern.function.CallFormat.Queued;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkRoots;
import dev.quern.storage.Key;
import dev.quern.storage.MetaLog;
import dev.quern.storage.RootVisitor;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The chunks that functions need: the inputs of calls in the durable queue, what ended calls
/// returned and printed, and artifacts. A call that runs reads its input from the queue's fact,
/// which stays until it ends; an artifact is unpacked before it runs. Thread-safe.
final class FunctionRoots implements ChunkRoots {
    private static final int PAGE = 100;

    private final MetaLog facts;

    FunctionRoots(MetaLog facts) {
        this.facts = facts;
    }

    @Override
    public Set<String> kinds() {
        return Set.of(
                "artifact",
                "call",
                "call-queued",
                "function",
                "function-version",
                "function-space");
    }

    @Override
    public void visit(SpaceId space, RootVisitor visitor) {
        scan(space, "call-queued", fact -> queued(fact, visitor));
        scan(space, "call", fact -> finished(fact, visitor));
        scan(space, "artifact", fact -> artifact(fact, visitor));
    }

    private void scan(SpaceId space, String kind, Consumer<MetaLog.Fact> consumer) {
        Optional<Key> after = Optional.empty();
        List<MetaLog.Fact> page;
        do {
            page = facts.scan(space, Key.of(kind), after, PAGE);
            page.forEach(consumer);
            after = page.isEmpty() ? after : Optional.of(page.getLast().key());
        } while (page.size() == PAGE);
    }

    private static void queued(MetaLog.Fact fact, RootVisitor visitor) {
        Queued call = CallFormat.decode(fact.value(), Queued.class, fact.key().toString());
        blob("function " + call.function() + ", call " + call.id(), "input", call.input(), visitor);
    }

    private static void finished(MetaLog.Fact fact, RootVisitor visitor) {
        Finished call = CallFormat.decode(fact.value(), Finished.class, fact.key().toString());
        String what = "function " + call.function() + ", call " + call.id();
        blob(what, "output", call.output(), visitor);
        blob(what, "logs", call.logs(), visitor);
        if (call.failure() != null) {
            blob(what, "traceback", call.failure().traceback(), visitor);
            blob(what, "exception", call.failure().pickle(), visitor);
        }
    }

    private static void blob(
            String what, String part, Blobs.@Nullable Blob blob, RootVisitor visitor) {
        String chunk = blob == null ? null : blob.chunk();
        if (chunk != null) {
            visitor.chunk(new ChunkId(chunk), () -> what + ", " + part);
        }
    }

    private static void artifact(MetaLog.Fact fact, RootVisitor visitor) {
        ArtifactId id = new ArtifactId(fact.key().last());
        for (ChunkId chunk : ArtifactStore.chunks(fact.value(), id)) {
            visitor.chunk(chunk, () -> "artifact " + id);
        }
    }
}
