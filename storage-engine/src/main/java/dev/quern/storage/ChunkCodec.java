package dev.quern.storage;

import com.github.luben.zstd.ZstdException;
import dev.quern.common.QuernException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;

/// Packs and unpacks the bytes of chunks. Which codec a chunk gets is tried on a sample of it from
/// the start, the middle and the end: the best one, if it saves at least a tenth. Bytes that look
/// random are not even tried ([ByteEntropy]). As many run at a time as there are processors, each
/// with at most 33 MiB of scratch, 8 MiB of it kept. Thread-safe.
final class ChunkCodec implements AutoCloseable {
    /// Level 1: as fast as the hash that every chunk needs anyway, where 3 would take twice as long
    /// to save a twentieth more.
    private static final int LEVEL = 1;

    /// Each of the three parts of a sample has this share of the chunk, within these bounds.
    private static final int SAMPLE_SHARE = 64;

    private static final int MIN_PART_BYTES = 512;
    private static final int MAX_PART_BYTES = 4 << 10;

    /// Below this a frame's own bytes eat what it saves.
    private static final int MIN_BYTES = 64;

    private static final double MIN_SAVING = 0.1;

    /// Bytes more even than this are taken for random: they could save a twentieth.
    private static final double RANDOM_BITS = 7.6;

    private final BlockingQueue<CodecScratch> idle;
    private final Semaphore permits;
    private volatile boolean closed;

    ChunkCodec() {
        int parallel = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 64);
        this.idle = new ArrayBlockingQueue<>(parallel);
        this.permits = new Semaphore(parallel);
    }

    /// A chunk as it is to be stored.
    ///
    /// @param bytes the chunk's own if the codec is none
    record Packed(Codec codec, ByteBuffer bytes) {}

    /// What a codec would leave of a chunk, judged by a sample.
    ///
    /// @param saving the part that it saves, 0 to 1
    record Estimate(Codec codec, double saving) {}

    private interface Work<T> {
        T with(CodecScratch scratch);
    }

    /// Packs a chunk with the codec that suits it.
    Packed pack(ByteBuffer raw) {
        Packed plain = new Packed(Codec.NONE, raw);
        return raw.remaining() < MIN_BYTES ? plain : run(scratch -> pack(raw, plain, scratch));
    }

    private static Packed pack(ByteBuffer raw, Packed plain, CodecScratch scratch) {
        Estimate estimate = estimate(raw, scratch);
        if (estimate.saving < MIN_SAVING) {
            return plain;
        }
        int length = raw.remaining();
        int packed = compress(bytes(raw), estimate.codec, scratch);
        return packed <= length * (1 - MIN_SAVING)
                ? new Packed(
                        estimate.codec, ByteBuffer.wrap(Arrays.copyOf(scratch.packed(), packed)))
                : plain;
    }

    /// How well a chunk would compress.
    Estimate estimate(ByteBuffer raw) {
        return run(scratch -> estimate(raw, scratch));
    }

    private static Estimate estimate(ByteBuffer raw, CodecScratch scratch) {
        byte[] sample = sample(raw);
        Estimate best = new Estimate(Codec.NONE, 0);
        if (ByteEntropy.bitsPerByte(sample) > RANDOM_BITS) {
            return best;
        }
        for (Codec codec : Codec.values()) {
            if (codec != Codec.NONE) {
                int packed = compress(ByteBuffer.wrap(sample), codec, scratch);
                double saving = 1 - (double) packed / sample.length;
                best = saving > best.saving ? new Estimate(codec, saving) : best;
            }
        }
        return best;
    }

    private static byte[] sample(ByteBuffer raw) {
        int length = raw.remaining();
        // A multiple of 8, so that numbers stay aligned.
        int part = Math.clamp(length / SAMPLE_SHARE, MIN_PART_BYTES, MAX_PART_BYTES) & ~7;
        byte[] sample = new byte[Math.min(length, 3 * part)];
        if (sample.length == length) {
            raw.get(raw.position(), sample);
            return sample;
        }
        for (int i = 0; i < 3; i++) {
            int at = (i * ((length - part) / 2)) & ~7;
            raw.get(raw.position() + at, sample, i * part, part);
        }
        return sample;
    }

    /// A view of the bytes that has an array.
    private static ByteBuffer bytes(ByteBuffer raw) {
        if (raw.hasArray()) {
            return raw;
        }
        byte[] copy = new byte[raw.remaining()];
        raw.get(raw.position(), copy);
        return ByteBuffer.wrap(copy);
    }

    private static int compress(ByteBuffer raw, Codec codec, CodecScratch scratch) {
        byte[] from = raw.array();
        int at = raw.arrayOffset() + raw.position();
        int length = raw.remaining();
        if (codec.width() == 1) {
            return scratch.compress(from, at, length, 1);
        }
        byte[] grouped = scratch.grouped(length);
        ByteGrouping.group(from, at, length, codec.width(), grouped);
        return scratch.compress(grouped, 0, length, codec.width());
    }

    /// Unpacks a chunk that a codec has packed.
    ///
    /// @param packed native bytes, or those of an array
    /// @param rawBytes the chunk's length, at most [ChunkStore#MAX_CHUNK_BYTES]
    /// @return empty if these are not the bytes of such a chunk
    Optional<byte[]> unpack(Codec codec, ByteBuffer packed, int rawBytes) {
        if (rawBytes < 1 || rawBytes > ChunkStore.MAX_CHUNK_BYTES) {
            throw QuernException.internal("chunk of " + rawBytes + " bytes to unpack", null);
        }
        byte[] raw = new byte[rawBytes];
        boolean whole = run(scratch -> decompress(codec, packed, raw, scratch));
        return whole ? Optional.of(raw) : Optional.empty();
    }

    private static boolean decompress(
            Codec codec, ByteBuffer packed, byte[] raw, CodecScratch scratch) {
        byte[] to = codec.width() == 1 ? raw : scratch.grouped(raw.length);
        try {
            int got = scratch.decompress(packed, to, raw.length);
            if (got != raw.length) {
                return false;
            }
        } catch (ZstdException e) {
            return false;
        }
        if (codec.width() > 1) {
            ByteGrouping.ungroup(to, codec.width(), raw);
        }
        return true;
    }

    private <T> T run(Work<T> work) {
        permits.acquireUninterruptibly();
        CodecScratch scratch = idle.poll();
        try {
            scratch = scratch == null ? new CodecScratch(LEVEL) : scratch;
            return work.with(scratch);
        } finally {
            if (scratch != null) {
                scratch.trim();
                if (closed || !idle.offer(scratch)) {
                    scratch.close();
                }
            }
            permits.release();
        }
    }

    /// Frees the scratch; nothing may be packed or unpacked after.
    @Override
    public void close() {
        closed = true;
        for (CodecScratch scratch = idle.poll(); scratch != null; scratch = idle.poll()) {
            scratch.close();
        }
    }
}
