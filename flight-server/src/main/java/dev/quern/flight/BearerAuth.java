package dev.quern.flight;

import dev.quern.common.Authenticator;
import dev.quern.common.Principal;
import dev.quern.common.QuernException;
import dev.quern.common.SpaceId;
import java.util.HexFormat;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.CallInfo;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightProducer.CallContext;
import org.apache.arrow.flight.FlightServerMiddleware;
import org.apache.arrow.flight.RequestContext;
import org.jspecify.annotations.Nullable;

/// Checks the bearer token of every call before anything else sees it, and gives the call its
/// request id: the client's `x-request-id` if it has 1 to 64 characters of `A-Z a-z 0-9 . _ -`,
/// else a new one; it comes back as a header. Thread-safe.
final class BearerAuth implements FlightServerMiddleware.Factory<BearerAuth.Caller> {
    static final FlightServerMiddleware.Key<Caller> KEY =
            FlightServerMiddleware.Key.of("quern-caller");

    private static final String SCHEME = "bearer ";
    private static final String REQUEST_ID = "x-request-id";
    private static final Pattern REQUEST_ID_FORM = Pattern.compile("[A-Za-z0-9._-]{1,64}");

    private final Authenticator authenticator;
    private final RandomGenerator random;

    BearerAuth(Authenticator authenticator, RandomGenerator random) {
        this.authenticator = authenticator;
        this.random = random;
    }

    @Override
    public Caller onCallStarted(CallInfo info, CallHeaders headers, RequestContext context) {
        String requestId = requestId(headers.get(REQUEST_ID));
        try {
            Principal principal = authenticator.authenticate(token(headers.get("authorization")));
            return new Caller(principal, requestId);
        } catch (RuntimeException e) {
            throw FlightErrors.toFlight(e, requestId);
        }
    }

    /// The caller that [#onCallStarted] admitted.
    static Caller caller(CallContext context) {
        Caller caller = context.getMiddleware(KEY);
        if (caller == null) {
            throw FlightErrors.toFlight(
                    QuernException.internal("flight call came past the token check", null));
        }
        return caller;
    }

    private static @Nullable String token(@Nullable String authorization) {
        if (authorization == null || !authorization.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
            return null;
        }
        return authorization.substring(SCHEME.length()).strip();
    }

    private String requestId(@Nullable String given) {
        return given != null && REQUEST_ID_FORM.matcher(given).matches()
                ? given
                : HexFormat.of().toHexDigits(random.nextLong());
    }

    /// Who a call acts for.
    static final class Caller implements FlightServerMiddleware {
        private final Principal principal;
        private final String requestId;

        Caller(Principal principal, String requestId) {
            this.principal = principal;
            this.requestId = requestId;
        }

        SpaceId space() {
            return principal.space();
        }

        String requestId() {
            return requestId;
        }

        @Override
        public void onBeforeSendingHeaders(CallHeaders outgoing) {
            outgoing.insert(REQUEST_ID, requestId);
        }

        @Override
        public void onCallCompleted(CallStatus status) {}

        @Override
        public void onCallErrored(Throwable failure) {
            // Comes only after the client has its answer: nobody else would ever hear of it.
            FlightErrors.logLate(failure, requestId);
        }
    }
}
