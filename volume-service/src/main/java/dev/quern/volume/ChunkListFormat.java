package dev.quern.volume;

import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkStore;
import java.util.ArrayList;
import java.util.List;

/// The bytes of a chunk list: which chunks a long file consists of. A list of level 0 names chunks
/// of the file; one of level n + 1 names lists of level n, all of them full but the last, so that a
/// file of any size is read and written with a bounded part of its list in memory. Integers are
/// big-endian. There is no checksum of its own: the chunk's name is its SHA-256.
///
/// | offset | bytes | part |
/// |---|---|---|
/// | 0 | 1 | version: the number 1 |
/// | 1 | 1 | level: 0 to [#MAX_LEVEL] |
/// | 2 | 4 | count: children that follow, 1 to [#MAX_CHILDREN] |
/// | 6 + 40 i | 32 | SHA-256 of child i |
/// | 38 + 40 i | 8 | bytes of the file that it stands for, 1 or more; at level 0 at most 16 MiB |
///
/// Version rule: a reader takes every version up to its own and refuses later ones; any change of
/// these bytes is a new version.
final class ChunkListFormat {
    static final int VERSION = 1;

    /// The most children of one list.
    static final int MAX_CHILDREN = 4096;

    /// The highest level: enough for every size that a long holds.
    static final int MAX_LEVEL = 4;

    private ChunkListFormat() {}

    /// A child of a list.
    ///
    /// @param id a chunk of the file, or a list of the level below
    /// @param lengthBytes bytes of the file that it stands for
    record Child(ChunkId id, long lengthBytes) {}

    /// A list.
    ///
    /// @param level 0 if its children are chunks of the file
    /// @param children in the file's order
    record Node(int level, List<Child> children) {
        /// Copies the list.
        Node {
            children = List.copyOf(children);
        }

        /// Bytes of the file that it stands for.
        long lengthBytes() {
            return children.stream().mapToLong(Child::lengthBytes).sum();
        }
    }

    static byte[] encode(Node node) {
        FormatWriter out = new FormatWriter(6 + 40 * node.children.size());
        out.u8(VERSION).u8(node.level).u32(node.children.size());
        node.children.forEach(child -> out.id(child.id).i64(child.lengthBytes));
        return out.toBytes();
    }

    /// The list in these bytes.
    ///
    /// @param id their chunk, for messages
    /// @throws QuernException `CORRUPT` if they are anything else
    static Node decode(byte[] bytes, ChunkId id) {
        FormatReader in = new FormatReader(bytes, "chunk list " + id);
        in.version(VERSION);
        int level = in.u8();
        int count = in.count(40);
        if (level > MAX_LEVEL || count < 1 || count > MAX_CHILDREN) {
            throw in.corrupt("level " + level + " or count " + count + " is out of bounds");
        }
        List<Child> children = new ArrayList<>(count);
        long total = 0;
        for (int i = 0; i < count; i++) {
            Child child = new Child(in.id(), in.atLeast(1));
            total += child.lengthBytes;
            if (total < 0 || (level == 0 && child.lengthBytes > ChunkStore.MAX_CHUNK_BYTES)) {
                throw in.corrupt("length " + child.lengthBytes + " is out of bounds");
            }
            children.add(child);
        }
        in.end();
        return new Node(level, children);
    }
}
