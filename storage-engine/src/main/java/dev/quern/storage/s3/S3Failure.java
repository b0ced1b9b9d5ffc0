package dev.quern.storage.s3;

import dev.quern.common.ErrorKind;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;

/// What an error of the SDK means for Quern. A pure decision.
///
/// @param kind what the caller can do
/// @param retry whether the same request may succeed later
/// @param mayHaveArrived whether a write may have been done all the same
/// @param retryAfterMillis how long the store asks to be left alone, or 0
record S3Failure(ErrorKind kind, boolean retry, boolean mayHaveArrived, long retryAfterMillis) {
    private static final Set<String> THROTTLED =
            Set.of("SlowDown", "RequestLimitExceeded", "TooManyRequests", "BandwidthLimitExceeded");
    private static final Set<String> FULL =
            Set.of("QuotaExceeded", "InsufficientCapacity", "XMinioStorageFull", "NoSpaceLeft");
    private static final Set<String> GARBLED =
            Set.of("BadDigest", "IncompleteBody", "RequestTimeout", "XAmzContentSHA256Mismatch");
    private static final long MAX_RETRY_AFTER_SECONDS = 3600;

    static S3Failure of(SdkException error) {
        if (error instanceof AwsServiceException answer) {
            return ofAnswer(answer);
        }
        if (error instanceof AbortedException) {
            return new S3Failure(ErrorKind.UNAVAILABLE, false, true, 0);
        }
        if (causeIsIo(error)) {
            return new S3Failure(ErrorKind.UNAVAILABLE, true, true, 0);
        }
        boolean credentials = String.valueOf(error.getMessage()).contains("credentials");
        return refused(credentials ? ErrorKind.INVALID : ErrorKind.INTERNAL);
    }

    private static S3Failure ofAnswer(AwsServiceException answer) {
        int status = answer.statusCode();
        String code = code(answer);
        if (FULL.contains(code) || status == 507) {
            return refused(ErrorKind.EXHAUSTED);
        }
        if (THROTTLED.contains(code) || status == 429 || answer.isThrottlingException()) {
            return new S3Failure(ErrorKind.EXHAUSTED, true, false, retryAfterMillis(answer));
        }
        if (status == 501) {
            return refused(ErrorKind.INVALID);
        }
        if (status >= 500) {
            return new S3Failure(ErrorKind.UNAVAILABLE, true, true, retryAfterMillis(answer));
        }
        if (status == 409 || status == 408 || GARBLED.contains(code)) {
            return new S3Failure(ErrorKind.UNAVAILABLE, true, false, 0);
        }
        if (code.equals("NoSuchUpload")) {
            return new S3Failure(ErrorKind.UNAVAILABLE, false, true, 0);
        }
        boolean absent = status == 404 && !code.equals("NoSuchBucket");
        return refused(absent ? ErrorKind.NOT_FOUND : ErrorKind.INVALID);
    }

    private static S3Failure refused(ErrorKind kind) {
        return new S3Failure(kind, false, false, 0);
    }

    /// The store's word for an error, as in `AccessDenied`; empty if it said none.
    static String code(AwsServiceException answer) {
        AwsErrorDetails details = answer.awsErrorDetails();
        return details == null || details.errorCode() == null ? "" : details.errorCode();
    }

    private static long retryAfterMillis(AwsServiceException answer) {
        AwsErrorDetails details = answer.awsErrorDetails();
        if (details == null || details.sdkHttpResponse() == null) {
            return 0;
        }
        Optional<String> header = details.sdkHttpResponse().firstMatchingHeader("Retry-After");
        return header.filter(text -> text.matches("[0-9]{1,6}"))
                .map(text -> Math.min(Long.parseLong(text), MAX_RETRY_AFTER_SECONDS) * 1000)
                .orElse(0L);
    }

    private static boolean causeIsIo(Throwable error) {
        for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException) {
                return true;
            }
        }
        return false;
    }
}
