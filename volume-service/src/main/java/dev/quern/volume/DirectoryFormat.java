package dev.quern.volume;

import dev.quern.common.QuernException;
import dev.quern.storage.ChunkId;
import dev.quern.volume.DirectoryNode.Index;
import dev.quern.volume.DirectoryNode.Leaf;
import dev.quern.volume.DirectoryNode.LeafRef;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/// The bytes of a directory: a chunk that is a leaf or, for a long directory, an index over leaves.
/// Integers are big-endian. There is no checksum of its own: the chunk's name is its SHA-256.
///
/// | offset | bytes | part |
/// |---|---|---|
/// | 0 | 1 | version: the number 1 |
/// | 1 | 1 | kind: 1 leaf, 2 index |
/// | 2 | 4 | count: entries or leaves that follow |
///
/// An entry of a leaf; names ascend strictly by their bytes:
///
/// | bytes | part |
/// |---|---|
/// | 1 | type: 1 file of at most one chunk, 2 file by chunk list, 3 directory |
/// | 1 + n | length of the name, 1 to 255, then its UTF-8 |
/// | 32 | SHA-256: the file's chunk or the root of its list ([ChunkListFormat]), or the directory's node |
/// | 8 | size: bytes of the file, or of all files in the directory |
/// | 8 | a file: when it was staged, milliseconds since 1970, signed; a directory: files in it, 1 or more |
///
/// A leaf of an index, two or more of them; first names ascend strictly:
///
/// | bytes | part |
/// |---|---|
/// | 1 + n | length of the name of the leaf's first entry, then its UTF-8 |
/// | 32 | SHA-256 of the leaf |
/// | 8 | files that its entries stand for, 1 or more |
/// | 8 | bytes of these files |
///
/// How entries are cut into leaves depends on their names alone, so that equal directories have
/// equal nodes whatever their history: going through the names in order, a leaf ends after an entry
/// if it has [#MIN_LEAF_ENTRIES] or more and the CRC32C of the entry's name ends in eight zero
/// bits, or if it has [#MAX_LEAF_ENTRIES]. An empty directory, which only the root can be, is a
/// leaf of none.
///
/// Version rule: a reader takes every version up to its own and refuses later ones; any change of
/// these bytes or of the cutting rule is a new version.
final class DirectoryFormat {
    static final int VERSION = 1;

    /// The shortest leaf but the last.
    static final int MIN_LEAF_ENTRIES = 64;

    /// The longest leaf.
    static final int MAX_LEAF_ENTRIES = 1024;

    private static final int LEAF = 1;
    private static final int INDEX = 2;
    private static final int FILE = 1;
    private static final int LISTED_FILE = 2;
    private static final int DIRECTORY = 3;
    private static final int LEAST_ENTRY_BYTES = 1 + 2 + 32 + 8 + 8;
    private static final int LEAST_LEAF_BYTES = 2 + 32 + 8 + 8;

    private DirectoryFormat() {}

    /// Whether a leaf of `count` entries ends after an entry of this name.
    static boolean endsLeaf(String name, int count) {
        if (count >= MAX_LEAF_ENTRIES) {
            return true;
        }
        if (count < MIN_LEAF_ENTRIES) {
            return false;
        }
        CRC32C crc = new CRC32C();
        crc.update(name.getBytes(StandardCharsets.UTF_8));
        return (crc.getValue() & 0xFF) == 0;
    }

    static byte[] encode(DirectoryNode node) {
        return switch (node) {
            case Leaf(List<Entry> entries) -> {
                FormatWriter out = start(LEAF, entries.size());
                entries.forEach(entry -> encode(out, entry));
                yield out.toBytes();
            }
            case Index(List<LeafRef> leaves) -> {
                FormatWriter out = start(INDEX, leaves.size());
                for (LeafRef leaf : leaves) {
                    out.name(leaf.firstName()).id(leaf.id());
                    out.i64(leaf.files()).i64(leaf.sizeBytes());
                }
                yield out.toBytes();
            }
        };
    }

    private static FormatWriter start(int kind, int count) {
        return new FormatWriter(6 + count * 80).u8(VERSION).u8(kind).u32(count);
    }

    private static void encode(FormatWriter out, Entry entry) {
        switch (entry) {
            case Entry.File(String name, Content content, long modifiedAtMillis) -> {
                out.u8(content.listed() ? LISTED_FILE : FILE).name(name);
                content.write(out);
                out.i64(modifiedAtMillis);
            }
            case Entry.Directory(String name, ChunkId node, long files, long sizeBytes) ->
                    out.u8(DIRECTORY).name(name).id(node).i64(sizeBytes).i64(files);
        }
    }

    /// The node in these bytes.
    ///
    /// @param id their chunk, for messages
    /// @throws QuernException `CORRUPT` if they are anything else
    static DirectoryNode decode(byte[] bytes, ChunkId id) {
        FormatReader in = new FormatReader(bytes, "directory node " + id);
        in.version(VERSION);
        int kind = in.u8();
        DirectoryNode node =
                switch (kind) {
                    case LEAF -> leaf(in);
                    case INDEX -> index(in);
                    default -> throw in.corrupt("kind must be 1 or 2, got " + kind);
                };
        in.end();
        return node;
    }

    private static Leaf leaf(FormatReader in) {
        int count = in.count(LEAST_ENTRY_BYTES);
        if (count > MAX_LEAF_ENTRIES) {
            throw in.corrupt("leaf must have at most " + MAX_LEAF_ENTRIES + ", got " + count);
        }
        List<Entry> entries = new ArrayList<>(count);
        String previous = "";
        for (int i = 0; i < count; i++) {
            Entry entry = entry(in);
            previous = requireAscending(in, previous, entry.name());
            entries.add(entry);
        }
        return new Leaf(entries);
    }

    private static Entry entry(FormatReader in) {
        int type = in.u8();
        String name = in.name();
        return switch (type) {
            case FILE -> new Entry.File(name, Content.read(in, false), in.i64());
            case LISTED_FILE -> new Entry.File(name, Content.read(in, true), in.i64());
            case DIRECTORY -> {
                ChunkId node = in.id();
                long sizeBytes = in.atLeast(0);
                yield new Entry.Directory(name, node, in.atLeast(1), sizeBytes);
            }
            default -> throw in.corrupt("entry type must be 1 to 3, got " + type);
        };
    }

    private static Index index(FormatReader in) {
        int count = in.count(LEAST_LEAF_BYTES);
        if (count < 2) {
            throw in.corrupt("index must have two leaves or more, got " + count);
        }
        List<LeafRef> leaves = new ArrayList<>(count);
        String previous = "";
        for (int i = 0; i < count; i++) {
            String name = in.name();
            leaves.add(new LeafRef(name, in.id(), in.atLeast(1), in.atLeast(0)));
            previous = requireAscending(in, previous, name);
        }
        return new Index(leaves);
    }

    private static String requireAscending(FormatReader in, String previous, String name) {
        if (VolumePath.NAME_ORDER.compare(previous, name) >= 0) {
            throw in.corrupt("names must ascend");
        }
        return name;
    }
}
