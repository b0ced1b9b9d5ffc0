package dev.quern.volume;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.common.ByteSize;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.MemoryChunkStore;
import dev.quern.volume.DirectoryNode.Leaf;
import dev.quern.volume.DirectoryNode.LeafRef;
import dev.quern.volume.StagedFormat.Put;
import dev.quern.volume.StagedFormat.Remove;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Long directories: their cutting into leaves, and what a change rewrites.
final class TreeMergeTest {
    private static final SpaceId SPACE = SpaceId.DEFAULT;
    private final MemoryChunkStore chunks = new MemoryChunkStore();
    private final NodeStore nodes = new NodeStore(chunks, ByteSize.ofMebibytes(1));
    private final ChunkId empty = nodes.write(SPACE, new Leaf(List.of()), VolumePath.ROOT);

    @Test
    void equalDirectoriesHaveEqualNodesWhateverTheirHistory() {
        Random random = new Random(Seeds.next("TreeMergeTest"));
        SortedMap<String, Integer> model = new TreeMap<>();
        ChunkId root = empty;
        for (int round = 0; round < 30; round++) {
            StagedTree changes = new StagedTree();
            int size = 1 << random.nextInt(12);
            for (int i = 0; i < size; i++) {
                String path = (random.nextInt(4) == 0 ? "d/" : "") + "n" + random.nextInt(4000);
                if (random.nextInt(round > 18 ? 2 : 5) == 0) {
                    changes.apply(new Remove(VolumePath.parse(path), random.nextBoolean()));
                    model.remove(path);
                } else {
                    int value = random.nextInt(1, 100);
                    changes.apply(put(path, value));
                    model.put(path, value);
                }
            }
            DirectoryWriter.Written written =
                    new TreeMerge(nodes, SPACE, root, changes.root()).write();
            root = written.node();
            assertThat(root).isEqualTo(fromScratch(model));
            assertThat(written.files()).isEqualTo(model.size());
            assertThat(written.sizeBytes())
                    .isEqualTo(model.values().stream().mapToLong(value -> value).sum());
            checkFinds(root, model, random);
        }
    }

    private void checkFinds(ChunkId root, SortedMap<String, Integer> model, Random random) {
        for (int i = 0; i < 100; i++) {
            String path = (random.nextInt(4) == 0 ? "d/" : "") + "n" + random.nextInt(4000);
            assertThat(nodes.find(SPACE, root, VolumePath.parse(path)).map(Entry::sizeBytes))
                    .isEqualTo(Optional.ofNullable(model.get(path)).map(Integer::longValue));
        }
    }

    @Test
    void oneChangeInALongDirectoryRewritesFewLeaves() {
        SortedMap<String, Integer> model = new TreeMap<>();
        for (int i = 0; i < 20_000; i++) {
            model.put("file-" + i, 1);
        }
        ChunkId root = fromScratch(model);
        List<LeafRef> before = nodes.leaves(SPACE, root);
        assertThat(before).hasSizeBetween(40, 150);
        StagedTree changes = new StagedTree();
        changes.apply(put("file-10000x", 5));
        ChunkId changed = new TreeMerge(nodes, SPACE, root, changes.root()).write().node();
        List<LeafRef> after = new ArrayList<>(nodes.leaves(SPACE, changed));
        after.removeAll(before);
        assertThat(after).hasSizeBetween(1, 2);
    }

    @Test
    void onlyChangedDirectoriesAreRewritten() {
        StagedTree first = new StagedTree();
        for (int i = 0; i < 100; i++) {
            first.apply(put("dir-" + i + "/sub/file", 1));
        }
        ChunkId root = new TreeMerge(nodes, SPACE, empty, first.root()).write().node();
        long before = chunks.stats().chunks();
        StagedTree second = new StagedTree();
        second.apply(put("dir-50/sub/file", 2));
        new TreeMerge(nodes, SPACE, root, second.root()).write();
        assertThat(chunks.stats().chunks() - before).isEqualTo(3);
    }

    private ChunkId fromScratch(SortedMap<String, Integer> model) {
        StagedTree all = new StagedTree();
        model.forEach((path, value) -> all.apply(put(path, value)));
        return new TreeMerge(nodes, SPACE, empty, all.root()).write().node();
    }

    private static Put put(String path, int value) {
        Content content =
                new Content(MemoryChunkStore.idOf(new byte[] {(byte) value}), false, value);
        return new Put(VolumePath.parse(path), content, 0);
    }
}
