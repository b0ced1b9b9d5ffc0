package dev.quern.storage.s3;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.QuernException;
import dev.quern.storage.Tier;
import dev.quern.storage.TierNames;
import dev.quern.storage.s3.S3Upload.Outcome;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.random.RandomGenerator;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Object;

/// A tier in a bucket; keys as the page of this package says. A read of more than 8 MiB is split
/// into ranges of which 16 are on their way at once, a put of more than 16 MiB into parts likewise;
/// 32 requests at most are open in all. Bytes are streamed: a put needs no copy of its blob.
///
/// Errors: `NOT_FOUND`; `EXHAUSTED` with `retry_after_ms` when the store throttles or is full;
/// `UNAVAILABLE` when it does not answer until the deadline; `INVALID`, naming bucket and endpoint,
/// when it refuses the credentials, the region or the bucket. Thread-safe.
public final class S3Tier implements Tier {
    private static final long PIECE_BYTES = 8L << 20;
    private static final long WHOLE_BYTES = 16L << 20;

    /// The most that a store takes in one request.
    private static final long MAX_WHOLE_BYTES = 5L << 30;

    private static final int BUFFER_BYTES = 128 << 10;

    private final S3Config config;
    private final S3Client client;
    private final S3Calls calls;

    /// Whether the store heeds the condition of a put in parts too.
    private final boolean partsAreConditional;

    private S3Tier(S3Config config, S3Client client, S3Calls calls, boolean partsAreConditional) {
        this.config = config;
        this.client = client;
        this.calls = calls;
        this.partsAreConditional = partsAreConditional;
    }

    /// Opens a bucket, having made sure that it can be written, read and listed, and that it
    /// refuses a put to a name that is taken.
    ///
    /// @param random jitter of the retries; names the probe
    /// @throws QuernException `INVALID` if the bucket cannot be used or ignores put-if-absent;
    ///   `UNAVAILABLE` if it does not answer
    @MustBeClosed
    public static S3Tier open(S3Config config, RandomGenerator random) {
        return open(config, random, Duration.ofSeconds(30));
    }

    /// Opens a bucket whose answers are waited for so long.
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // the tier closes its client
    static S3Tier open(S3Config config, RandomGenerator random, Duration socketTimeout) {
        S3Client client = S3Clients.create(config, socketTimeout);
        S3Calls calls = new S3Calls(config, random);
        boolean opened = false;
        try {
            S3Tier probed = new S3Tier(config, client, calls, true);
            boolean parts = new S3Probe(config, client, calls, probed, random).run();
            S3Tier tier = new S3Tier(config, client, calls, parts);
            opened = true;
            return tier;
        } finally {
            if (!opened) {
                client.close();
            }
        }
    }

    @Override
    public boolean putIfAbsent(String name, MemorySegment bytes) {
        S3Upload upload = new S3Upload(client, calls, config.bucket(), key(name), bytes);
        boolean parts = bytes.byteSize() > WHOLE_BYTES;
        if (parts && !partsAreConditional && bytes.byteSize() > MAX_WHOLE_BYTES) {
            throw QuernException.invalid(
                    "blob "
                            + name
                            + " of "
                            + bytes.byteSize()
                            + " bytes must be put in parts, and "
                            + config.place()
                            + " ignores put-if-absent for these");
        }
        Outcome outcome = parts && partsAreConditional ? upload.parts() : upload.whole();
        return switch (outcome) {
            case STORED -> true;
            case TAKEN -> false;
            case TAKEN_PERHAPS_BY_US -> holds(name, bytes);
        };
    }

    /// Whether a blob has exactly these bytes.
    private boolean holds(String name, MemorySegment bytes) {
        if (size(name).orElse(-1) != bytes.byteSize()) {
            return false;
        }
        byte[] buffer = new byte[(int) Math.min(PIECE_BYTES, bytes.byteSize())];
        MemorySegment stored = MemorySegment.ofArray(buffer);
        for (long at = 0; at < bytes.byteSize(); at += buffer.length) {
            long length = Math.min(buffer.length, bytes.byteSize() - at);
            read(name, at, stored.asSlice(0, length));
            if (MemorySegment.mismatch(stored, 0, length, bytes, at, at + length) >= 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public long read(String name, long offset, MemorySegment target) {
        String key = key(name);
        TierNames.requireOffset(name, offset);
        if (target.isReadOnly()) {
            throw QuernException.invalid("cannot read into a read-only segment");
        }
        int pieces = (int) Math.max(1, (target.byteSize() + PIECE_BYTES - 1) / PIECE_BYTES);
        AtomicLongArray read = new AtomicLongArray(pieces);
        Parallel.run(
                pieces,
                target,
                i -> {
                    long from = i * PIECE_BYTES;
                    long length = Math.min(PIECE_BYTES, target.byteSize() - from);
                    read.set(i, readPiece(key, offset + from, target.asSlice(from, length)));
                });
        long total = 0;
        for (int i = 0; i < pieces; i++) {
            total += read.get(i);
        }
        return total;
    }

    private long readPiece(String key, long offset, MemorySegment target) {
        String what = "cannot read object " + key;
        if (target.byteSize() == 0) {
            calls.run(what, () -> client.headObject(h -> h.bucket(config.bucket()).key(key)));
            return 0;
        }
        String range = "bytes=" + offset + "-" + (offset + target.byteSize() - 1);
        return calls.run(
                what,
                () -> {
                    try (ResponseInputStream<GetObjectResponse> in =
                            client.getObject(
                                    get -> get.bucket(config.bucket()).key(key).range(range))) {
                        return copy(in, target);
                    } catch (AwsServiceException e) {
                        if (e.statusCode() == 416) {
                            return 0L; // the object ends before
                        }
                        throw e;
                    } catch (IOException e) {
                        throw SdkClientException.create("answer broke off: " + e.getMessage(), e);
                    }
                });
    }

    private static long copy(ResponseInputStream<GetObjectResponse> in, MemorySegment target)
            throws IOException {
        long expected = in.response().contentLength();
        if (expected > target.byteSize()) {
            in.abort();
            throw new IOException(
                    "range of " + target.byteSize() + " bytes answered with " + expected);
        }
        byte[] buffer = new byte[(int) Math.min(BUFFER_BYTES, Math.max(1, expected))];
        long at = 0;
        for (int read = in.read(buffer); read > 0 && at < expected; read = in.read(buffer)) {
            MemorySegment.copy(buffer, 0, target, ValueLayout.JAVA_BYTE, at, read);
            at += read;
        }
        if (at != expected) {
            throw new IOException("answer has " + at + " of " + expected + " bytes");
        }
        return at;
    }

    @Override
    public OptionalLong size(String name) {
        String key = key(name);
        return calls.run(
                "cannot read object " + key,
                () -> {
                    try {
                        return OptionalLong.of(
                                client.headObject(head -> head.bucket(config.bucket()).key(key))
                                        .contentLength());
                    } catch (NoSuchKeyException e) {
                        return OptionalLong.empty();
                    }
                });
    }

    @Override
    public List<Blob> list(String prefix, String after, int limit) {
        TierNames.requirePage(prefix, after, limit);
        List<Blob> page = new ArrayList<>();
        String last = after.isEmpty() ? "" : config.prefix() + after;
        while (page.size() < limit) {
            ListObjectsV2Response answer = page(prefix, last, limit - page.size());
            for (S3Object object : answer.contents()) {
                last = object.key();
                String name = object.key().substring(config.prefix().length());
                if (TierNames.isValid(name)) { // else somebody else's
                    page.add(new Blob(name, object.size()));
                }
            }
            if (!Boolean.TRUE.equals(answer.isTruncated()) || answer.contents().isEmpty()) {
                break;
            }
        }
        return List.copyOf(page);
    }

    private ListObjectsV2Response page(String prefix, String afterKey, int limit) {
        return calls.run(
                "cannot list objects " + config.prefix() + prefix,
                () ->
                        client.listObjectsV2(list -> {
                            list.bucket(config.bucket());
                            list.prefix(config.prefix() + prefix);
                            list.maxKeys(limit);
                            if (!afterKey.isEmpty()) {
                                list.startAfter(afterKey);
                            }
                        }));
    }

    @Override
    public void delete(String name) {
        String key = key(name);
        calls.run(
                "cannot delete object " + key,
                () -> client.deleteObject(delete -> delete.bucket(config.bucket()).key(key)));
    }

    private String key(String name) {
        return config.prefix() + TierNames.require(name);
    }

    @Override
    public String toString() {
        return config.place() + (config.prefix().isEmpty() ? "" : " under " + config.prefix());
    }

    @Override
    public void close() {
        calls.close();
        client.close();
    }
}
