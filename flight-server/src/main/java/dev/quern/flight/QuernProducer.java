package dev.quern.flight;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightProducer;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.SchemaResult;
import org.apache.arrow.flight.Ticket;

/// The Flight verbs: finds the caller, hands the work on, answers failures. Thread-safe.
final class QuernProducer implements FlightProducer {
    private final FlightCatalog catalog;
    private final TicketFormat tickets;
    private final Downloads downloads;
    private final Uploads uploads;
    private final StreamPool pool;

    QuernProducer(
            FlightCatalog catalog,
            TicketFormat tickets,
            Downloads downloads,
            Uploads uploads,
            StreamPool pool) {
        this.catalog = catalog;
        this.tickets = tickets;
        this.downloads = downloads;
        this.uploads = uploads;
        this.pool = pool;
    }

    @Override
    public void listFlights(
            CallContext context, Criteria criteria, StreamListener<FlightInfo> listener) {
        BearerAuth.Caller caller = BearerAuth.caller(context);
        CallGate gate = CallGate.current();
        answering(
                caller,
                () -> {
                    String prefix = prefix(criteria);
                    Runnable listing =
                            () -> {
                                catalog.list(
                                        caller.space(),
                                        prefix,
                                        info -> {
                                            gate.awaitReady();
                                            listener.onNext(info);
                                        });
                                listener.onCompleted();
                            };
                    pool.start(caller.requestId(), listing, listener::onError);
                    return null;
                });
    }

    @Override
    public FlightInfo getFlightInfo(CallContext context, FlightDescriptor descriptor) {
        BearerAuth.Caller caller = BearerAuth.caller(context);
        return answering(caller, () -> catalog.info(caller.space(), descriptor));
    }

    @Override
    public SchemaResult getSchema(CallContext context, FlightDescriptor descriptor) {
        FlightInfo info = getFlightInfo(context, descriptor);
        return new SchemaResult(info.getSchemaOptional().orElseThrow());
    }

    @Override
    public void getStream(CallContext context, Ticket ticket, ServerStreamListener listener) {
        BearerAuth.Caller caller = BearerAuth.caller(context);
        CallGate gate = CallGate.current();
        answering(
                caller,
                () -> {
                    Claim claim = tickets.open(ticket.getBytes(), caller.space());
                    pool.start(
                            caller.requestId(),
                            () -> downloads.send(claim, listener, gate),
                            listener::error);
                    return null;
                });
    }

    @Override
    public Runnable acceptPut(
            CallContext context, FlightStream stream, StreamListener<PutResult> answers) {
        BearerAuth.Caller caller = BearerAuth.caller(context);
        CallGate gate = CallGate.current();
        return () ->
                pool.runHere(
                        caller.requestId(),
                        () -> uploads.receive(caller.space(), stream, answers, gate));
    }

    @Override
    public void doAction(CallContext context, Action action, StreamListener<Result> listener) {
        throw CallStatus.UNIMPLEMENTED
                .withDescription(
                        "there are no Flight actions here; use ListFlights, GetFlightInfo, DoGet"
                                + " and DoPut")
                .toRuntimeException();
    }

    @Override
    public void listActions(CallContext context, StreamListener<ActionType> listener) {
        listener.onCompleted();
    }

    private static String prefix(Criteria criteria) {
        byte[] expression = criteria.getExpression();
        try {
            return expression == null
                    ? ""
                    : StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(expression))
                            .toString();
        } catch (CharacterCodingException e) {
            throw new QuernException(ErrorKind.INVALID, "criteria must be a prefix in UTF-8", e);
        }
    }

    private static <T> T answering(BearerAuth.Caller caller, Supplier<T> work) {
        try {
            return work.get();
        } catch (RuntimeException e) {
            throw FlightErrors.toFlight(e, caller.requestId());
        }
    }
}
