package dev.quern.storage.s3;

import dev.quern.common.QuernException;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/// Puts one object if its key is free, in one piece or in parts. After an attempt with an unknown
/// outcome, a taken key is compared with the bytes: the winner may have been ourselves.
final class S3Upload {
    private static final Logger LOG = LoggerFactory.getLogger(S3Upload.class);
    private static final long PART_BYTES = 8L << 20;
    private static final int MAX_PARTS = 10_000;
    private static final int COPY_BYTES = 256 << 10;
    private static final String OCTETS = "application/octet-stream";

    private final S3Client client;
    private final S3Calls calls;
    private final String bucket;
    private final String key;
    private final MemorySegment bytes;
    private final AtomicBoolean unknown = new AtomicBoolean();

    S3Upload(S3Client client, S3Calls calls, String bucket, String key, MemorySegment bytes) {
        this.client = client;
        this.calls = calls;
        this.bucket = bucket;
        this.key = key;
        this.bytes = bytes;
    }

    /// How a put ended.
    enum Outcome {
        /// This put made the object.
        STORED,
        /// The key was taken before.
        TAKEN,
        /// The key is taken, perhaps by an attempt of this put.
        TAKEN_PERHAPS_BY_US
    }

    /// Puts the object in one request.
    Outcome whole() {
        return calls.run("cannot put object " + key, () -> conditional(() -> putWhole()));
    }

    private void putWhole() {
        client.putObject(
                put -> put.bucket(bucket).key(key).ifNoneMatch("*").contentMD5(md5(bytes)),
                body(bytes));
    }

    /// Puts the object in parts, several at a time; an upload that fails leaves nothing.
    Outcome parts() {
        String what = "cannot put object " + key;
        String upload =
                calls.run(
                        what,
                        () ->
                                client.createMultipartUpload(
                                                create -> create.bucket(bucket).key(key))
                                        .uploadId());
        boolean completed = false;
        try {
            CompletedPart[] parts = uploadParts(upload);
            Outcome outcome = calls.run(what, () -> conditional(() -> complete(upload, parts)));
            completed = outcome == Outcome.STORED;
            return outcome;
        } finally {
            if (!completed) {
                abort(upload);
            }
        }
    }

    private CompletedPart[] uploadParts(String upload) {
        long least = (bytes.byteSize() + MAX_PARTS - 1) / MAX_PARTS;
        long size = Math.max(PART_BYTES, (least + PART_BYTES - 1) / PART_BYTES * PART_BYTES);
        int count = (int) Math.max(1, (bytes.byteSize() + size - 1) / size);
        CompletedPart[] parts = new CompletedPart[count];
        Parallel.run(
                count,
                bytes,
                i -> {
                    long from = i * size;
                    long length = Math.min(size, bytes.byteSize() - from);
                    parts[i] = uploadPart(upload, i + 1, bytes.asSlice(from, length));
                });
        return parts;
    }

    private CompletedPart uploadPart(String upload, int number, MemorySegment part) {
        String tag =
                calls.run(
                        "cannot put part " + number + " of object " + key,
                        () ->
                                client.uploadPart(
                                                put ->
                                                        put.bucket(bucket)
                                                                .key(key)
                                                                .uploadId(upload)
                                                                .partNumber(number)
                                                                .contentMD5(md5(part)),
                                                body(part))
                                        .eTag());
        return CompletedPart.builder().partNumber(number).eTag(tag).build();
    }

    private void complete(String upload, CompletedPart[] parts) {
        client.completeMultipartUpload(complete ->
                complete.bucket(bucket)
                        .key(key)
                        .uploadId(upload)
                        .ifNoneMatch("*")
                        .multipartUpload(all -> all.parts(Arrays.asList(parts))));
    }

    private Outcome conditional(Runnable write) {
        try {
            write.run();
            return Outcome.STORED;
        } catch (AwsServiceException e) {
            if (e.statusCode() == 412) {
                return taken();
            }
            if (S3Failure.code(e).equals("NoSuchUpload") && unknown.get()) {
                return taken(); // the attempt before has used it up
            }
            noteUnknown(e);
            throw e;
        } catch (SdkException e) {
            noteUnknown(e);
            throw e;
        }
    }

    private Outcome taken() {
        return unknown.get() ? Outcome.TAKEN_PERHAPS_BY_US : Outcome.TAKEN;
    }

    private void noteUnknown(SdkException e) {
        if (S3Failure.of(e).mayHaveArrived()) {
            unknown.set(true);
        }
    }

    private void abort(String upload) {
        try {
            client.abortMultipartUpload(abort -> abort.bucket(bucket).key(key).uploadId(upload));
        } catch (SdkException e) {
            LOG.warn("object {}: cannot abort its upload {}: {}", key, upload, e.getMessage());
        }
    }

    private static RequestBody body(MemorySegment bytes) {
        return RequestBody.fromContentProvider(
                () -> new SegmentStream(bytes), bytes.byteSize(), OCTETS);
    }

    /// So that the store refuses bytes that changed on the way.
    private static String md5(MemorySegment bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("MD5");
            SegmentStream in = new SegmentStream(bytes);
            byte[] buffer = new byte[(int) Math.min(COPY_BYTES, Math.max(1, bytes.byteSize()))];
            for (int read = in.read(buffer, 0, buffer.length);
                    read > 0;
                    read = in.read(buffer, 0, buffer.length)) {
                digest.update(buffer, 0, read);
            }
            return Base64.getEncoder().encodeToString(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw QuernException.internal("this JDK lacks MD5", e);
        }
    }
}
