package dev.quern.storage;

import dev.quern.common.SpaceId;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Sees which chunks the transactions of a log require, so that a service's [ChunkRoots] can be
/// held against them. Thread-safe.
public final class RecordedRequires {
    private final Set<ChunkId> required = new HashSet<>();

    /// A log that behaves like another.
    public MetaLog on(MetaLog log) {
        return (MetaLog)
                Proxy.newProxyInstance(
                        MetaLog.class.getClassLoader(),
                        new Class<?>[] {MetaLog.class},
                        (_, method, arguments) -> {
                            try {
                                Object result = method.invoke(log, arguments);
                                if (method.getName().equals("commit")) {
                                    add((Txn) arguments[0]);
                                }
                                return result;
                            } catch (InvocationTargetException e) {
                                throw e.getCause() == null ? e : e.getCause();
                            }
                        });
    }

    private synchronized void add(Txn txn) {
        required.addAll(txn.requires());
    }

    /// Every chunk that a transaction required which took place.
    public synchronized Set<ChunkId> required() {
        return Set.copyOf(required);
    }

    /// Every chunk that an owner reports for a space.
    public static Set<ChunkId> reported(ChunkRoots roots, ChunkStore chunks, SpaceId space) {
        Set<ChunkId> reported = new HashSet<>();
        roots.visit(
                space,
                new RootVisitor() {
                    @Override
                    public void chunk(ChunkId id, Supplier<String> what) {
                        if (what.get().isBlank()) {
                            throw new AssertionError("nothing says what " + id + " is for");
                        }
                        reported.add(id);
                    }

                    @Override
                    public void node(ChunkId id, Supplier<String> what, Consumer<byte[]> children) {
                        chunk(id, what);
                        children.accept(chunks.read(space, id));
                    }
                });
        return reported;
    }
}
