package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Facts of tests that name chunks: `file / NAME` is the id of a chunk, `list / NAME` of a chunk
/// that holds ids, each on a line.
record TestRoots(MetaLog facts) implements ChunkRoots {
    @Override
    public Set<String> kinds() {
        return Set.of("file", "list");
    }

    @Override
    public void visit(SpaceId space, RootVisitor visitor) {
        for (MetaLog.Fact fact : scan(space, "file")) {
            visitor.chunk(id(fact.value()), () -> "file " + fact.key().last());
        }
        for (MetaLog.Fact fact : scan(space, "list")) {
            visitor.node(
                    id(fact.value()),
                    () -> "list " + fact.key().last(),
                    bytes -> {
                        for (ChunkId child : ids(bytes)) {
                            visitor.chunk(child, () -> "entry of " + fact.key().last());
                        }
                    });
        }
    }

    private List<MetaLog.Fact> scan(SpaceId space, String kind) {
        return facts.scan(space, Key.of(kind), Optional.empty(), 10_000);
    }

    static byte[] bytes(ChunkId id) {
        return id.hex().getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] bytes(List<ChunkId> ids) {
        return String.join("\n", ids.stream().map(ChunkId::hex).toList())
                .getBytes(StandardCharsets.US_ASCII);
    }

    static ChunkId id(byte[] value) {
        return new ChunkId(new String(value, StandardCharsets.US_ASCII));
    }

    static List<ChunkId> ids(byte[] value) {
        return new String(value, StandardCharsets.US_ASCII).lines().map(ChunkId::new).toList();
    }
}
