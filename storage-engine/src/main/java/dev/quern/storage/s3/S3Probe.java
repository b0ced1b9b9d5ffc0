package dev.quern.storage.s3;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import dev.quern.storage.s3.S3Upload.Outcome;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;

/// Finds out, before a bucket is relied on, whether its store does what Quern needs: a put to a
/// taken name is refused and changes nothing, a range reads exactly that range, a list shows what
/// was put. Uses one object, `probe/<random>`, and removes it.
final class S3Probe {
    private static final Logger LOG = LoggerFactory.getLogger(S3Probe.class);
    private static final byte[] FIRST = "first come".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SECOND = "too late".getBytes(StandardCharsets.US_ASCII);
    private static final int NAME_BYTES = 16;

    private final S3Config config;
    private final S3Client client;
    private final S3Calls calls;
    private final S3Tier tier;
    private final String name;

    S3Probe(S3Config config, S3Client client, S3Calls calls, S3Tier tier, RandomGenerator random) {
        this.config = config;
        this.client = client;
        this.calls = calls;
        this.tier = tier;
        byte[] id = new byte[NAME_BYTES];
        random.nextBytes(id);
        this.name = "probe/" + HexFormat.of().formatHex(id);
    }

    /// @return whether puts in parts may be used too
    /// @throws QuernException `INVALID` naming the bucket and what it does wrong
    boolean run() {
        try {
            boolean parts = check();
            tier.delete(name);
            return parts;
        } catch (QuernException e) {
            clear(e);
            throw e.kind() == ErrorKind.INVALID && e.getCause() instanceof SdkException
                    ? new QuernException(
                            ErrorKind.INVALID,
                            config.place()
                                    + " cannot be used, check its name, the credentials and what"
                                    + " they permit: "
                                    + e.getMessage(),
                            e)
                    : e;
        }
    }

    /// What went wrong before is what counts.
    private void clear(QuernException failure) {
        try {
            tier.delete(name);
        } catch (QuernException e) {
            failure.addSuppressed(e);
        }
    }

    private boolean check() {
        require(upload(FIRST).whole() != Outcome.TAKEN, "says that a fresh name is taken");
        require(
                upload(SECOND).whole() != Outcome.STORED && unchanged(),
                "ignores put-if-absent (If-None-Match: *), so that servers could overwrite"
                        + " each other's objects");
        require(
                Arrays.equals(read(6, 4), "come".getBytes(StandardCharsets.US_ASCII)),
                "does not read ranges");
        require(tier.list(name, "", 1).size() == 1, "does not list what was put");
        return partsAreConditional();
    }

    private boolean partsAreConditional() {
        boolean conditional = upload(SECOND).parts() != Outcome.STORED && unchanged();
        if (!conditional) {
            LOG.warn(
                    "{} ignores put-if-absent for objects in parts: they are put in one piece",
                    config.place());
        }
        return conditional;
    }

    private boolean unchanged() {
        return Arrays.equals(read(0, FIRST.length + 1), FIRST);
    }

    private byte[] read(int offset, int length) {
        byte[] target = new byte[length];
        long read = tier.read(name, offset, MemorySegment.ofArray(target));
        return Arrays.copyOf(target, (int) read);
    }

    private S3Upload upload(byte[] bytes) {
        return new S3Upload(
                client,
                calls,
                config.bucket(),
                config.prefix() + name,
                MemorySegment.ofArray(bytes));
    }

    private void require(boolean holds, String complaint) {
        if (!holds) {
            throw QuernException.invalid(config.place() + " cannot be used: it " + complaint);
        }
    }
}
