package dev.quern.volume;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import dev.quern.storage.ChunkId;
import dev.quern.storage.ChunkLease;
import dev.quern.storage.ChunkStore;
import dev.quern.volume.ChunkListFormat.Child;
import dev.quern.volume.ChunkListFormat.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Finds the chunk that holds an offset of a file. Keeps the lists on the way to the last one in
/// memory. Not thread-safe.
final class ContentReader {
    private final ChunkStore chunks;
    private final SpaceId space;
    private final Content content;
    private final Deque<Frame> frames = new ArrayDeque<>();

    ContentReader(ChunkStore chunks, SpaceId space, Content content) {
        this.chunks = chunks;
        this.space = space;
        this.content = content;
    }

    /// A part of the file that is one chunk.
    ///
    /// @param id the chunk
    /// @param start offset of its first byte in the file
    /// @param lengthBytes its bytes
    record Piece(ChunkId id, long start, long lengthBytes) {
        boolean has(long offset) {
            return offset >= start && offset - start < lengthBytes;
        }
    }

    /// A list and the part of the file that it stands for.
    private record Frame(Piece part, Node node) {
        Piece child(long offset) {
            long start = part.start;
            for (Child child : node.children()) {
                if (offset - start < child.lengthBytes()) {
                    return new Piece(child.id(), start, child.lengthBytes());
                }
                start += child.lengthBytes();
            }
            throw new AssertionError("offset " + offset + " is not in " + part);
        }
    }

    /// The piece that holds an offset.
    ///
    /// @param offset less than the file's size
    Piece find(long offset) {
        Piece whole = new Piece(content.hash(), 0, content.sizeBytes());
        if (!content.listed()) {
            return whole;
        }
        while (!frames.isEmpty() && !frames.element().part.has(offset)) {
            frames.pop();
        }
        if (frames.isEmpty()) {
            frames.push(new Frame(whole, list(whole)));
        }
        while (frames.element().node.level() > 0) {
            Piece part = frames.element().child(offset);
            Node node = list(part);
            if (node.level() != frames.element().node.level() - 1) {
                throw QuernException.corrupt(
                        "chunk list " + part.id + " has level " + node.level());
            }
            frames.push(new Frame(part, node));
        }
        return frames.element().child(offset);
    }

    /// The file's chunks, in order.
    List<ChunkId> chunks() {
        List<ChunkId> ids = new ArrayList<>();
        for (long at = 0; at < content.sizeBytes(); ) {
            Piece piece = find(at);
            ids.add(piece.id);
            at = piece.start + piece.lengthBytes;
        }
        return ids;
    }

    /// Opens a piece's chunk.
    ///
    /// @throws QuernException `CORRUPT` if it is not as long as its list says
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // returned, or closed where it is refused
    ChunkLease open(Piece piece) {
        ChunkLease lease = chunks.open(space, piece.id);
        long length = lease.bytes().byteSize();
        if (length != piece.lengthBytes) {
            lease.close();
            throw wrongLength(piece, length);
        }
        return lease;
    }

    private Node list(Piece part) {
        Node node = ChunkListFormat.decode(chunks.read(space, part.id), part.id);
        if (node.lengthBytes() != part.lengthBytes) {
            throw wrongLength(part, node.lengthBytes());
        }
        return node;
    }

    private static QuernException wrongLength(Piece piece, long length) {
        return QuernException.corrupt(
                "chunk "
                        + piece.id
                        + " at file offset "
                        + piece.start
                        + " must stand for "
                        + piece.lengthBytes
                        + " bytes, has "
                        + length);
    }
}
