package dev.quern.flight;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.time.Duration;
import java.util.Optional;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.util.ValueVectorUtility;

/// The batches that a client sends in a `DoPut`. At most five messages wait in memory; the client
/// is held back beyond that. What comes is checked before it is believed: offsets that lead out of
/// a buffer, strings that are not UTF-8, a batch that does not fit the schema are `INVALID`. Not
/// thread-safe; the call closes the stream below.
final class PutStream {
    private static final Duration DESCRIPTOR_WAIT = Duration.ofSeconds(1);

    private final FlightStream stream;
    private final CallGate gate;
    private final FlightDescriptor descriptor;
    private final Optional<byte[]> firstMetadata;

    /// The first message has been taken but not yet given out.
    private boolean held;

    /// Takes the first message.
    ///
    /// @throws QuernException `INVALID` if it has no schema or no descriptor
    PutStream(FlightStream stream, CallGate gate) {
        this.stream = stream;
        this.gate = gate;
        this.held = advance();
        if (!stream.hasRoot()) {
            throw QuernException.invalid("DoPut must begin with a schema, got none");
        }
        this.descriptor =
                gate.receive(
                        stream::getDescriptor,
                        DESCRIPTOR_WAIT,
                        QuernException.invalid("DoPut must begin with a descriptor, got none"));
        this.firstMetadata = held ? metadata() : Optional.empty();
    }

    FlightDescriptor descriptor() {
        return descriptor;
    }

    /// The application metadata of the first message after the schema.
    Optional<byte[]> firstMetadata() {
        return firstMetadata;
    }

    /// The current batch; without rows before the first [#next] and for a message of metadata.
    VectorSchemaRoot batch() {
        return stream.getRoot();
    }

    /// Takes the next batch and checks its buffers. The schema must have been checked before.
    ///
    /// @return whether there is one
    boolean next() {
        boolean more = held || advance();
        held = false;
        if (more) {
            validate();
        }
        return more;
    }

    private void validate() {
        try {
            for (FieldVector column : stream.getRoot().getFieldVectors()) {
                // The full check of a fixed-size list always fails, for want of offsets.
                if (column instanceof FixedSizeListVector) {
                    ValueVectorUtility.validate(column);
                } else {
                    ValueVectorUtility.validateFull(column);
                }
            }
        } catch (RuntimeException e) {
            throw malformed(e);
        }
    }

    private boolean advance() {
        try {
            return gate.receive(stream::next);
        } catch (QuernException | CallGate.CancelledCall | OutOfMemoryException e) {
            throw e;
        } catch (FlightRuntimeException e) {
            if (e.status().code() == FlightStatusCode.CANCELLED) {
                throw new CallGate.CancelledCall();
            }
            throw e;
        } catch (RuntimeException e) {
            throw malformed(e);
        }
    }

    private static QuernException malformed(RuntimeException e) {
        String why = e.getMessage() == null ? e.toString() : e.getMessage();
        return new QuernException(
                ErrorKind.INVALID, "DoPut message is no valid Arrow batch: " + why, e);
    }

    private Optional<byte[]> metadata() {
        ArrowBuf latest = stream.getLatestMetadata();
        if (latest == null) {
            return Optional.empty();
        }
        byte[] bytes = new byte[(int) latest.readableBytes()];
        latest.getBytes(latest.readerIndex(), bytes);
        return Optional.of(bytes);
    }
}
