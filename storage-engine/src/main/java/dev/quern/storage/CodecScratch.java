package dev.quern.storage;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import java.nio.ByteBuffer;

/// What one (de)compression works with; kept, because making it costs more than a small chunk. Not
/// thread-safe.
final class CodecScratch implements AutoCloseable {
    /// A longer buffer is not kept: few chunks need one.
    private static final int KEEP_BYTES = 4 << 20;

    private final ZstdCompressCtx compressor = new ZstdCompressCtx();
    private final ZstdDecompressCtx decompressor = new ZstdDecompressCtx();
    private byte[] grouped = new byte[0];
    private byte[] packed = new byte[0];

    CodecScratch(int level) {
        compressor.setLevel(level);
    }

    /// A buffer for grouped bytes, `length` or longer.
    byte[] grouped(int length) {
        if (grouped.length < length) {
            grouped = new byte[length];
        }
        return grouped;
    }

    /// Compresses `from[at..at + length)` into [#packed], in as many frames as there are parts of
    /// equal length (the last one takes what is left over).
    ///
    /// @return the length of the outcome
    int compress(byte[] from, int at, int length, int parts) {
        int bound = parts * (int) Zstd.compressBound(length / parts + parts);
        if (packed.length < bound) {
            packed = new byte[bound];
        }
        int done = 0;
        for (int part = 0; part < parts; part++) {
            int start = part * (length / parts);
            int end = part == parts - 1 ? length : start + length / parts;
            done +=
                    compressor.compressByteArray(
                            packed, done, packed.length - done, from, at + start, end - start);
        }
        return done;
    }

    /// The outcome of the last [#compress], and rubbish behind it.
    byte[] packed() {
        return packed;
    }

    /// Decompresses into the beginning of `to`.
    ///
    /// @param limit how long the outcome may be
    /// @return how long it is
    /// @throws com.github.luben.zstd.ZstdException if the bytes are no frame that fits
    int decompress(ByteBuffer from, byte[] to, int limit) {
        int length = from.remaining();
        int at = from.position();
        return from.isDirect()
                ? decompressor.decompressDirectByteBufferToByteArray(to, 0, limit, from, at, length)
                : decompressor.decompressByteArray(
                        to, 0, limit, from.array(), from.arrayOffset() + at, length);
    }

    /// Lets go of what is too large to keep.
    void trim() {
        if (grouped.length > KEEP_BYTES) {
            grouped = new byte[0];
        }
        if (packed.length > KEEP_BYTES) {
            packed = new byte[0];
        }
    }

    @Override
    public void close() {
        compressor.close();
        decompressor.close();
    }
}
