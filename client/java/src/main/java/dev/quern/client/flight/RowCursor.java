package dev.quern.client.flight;

import dev.quern.common.QuernException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.arrow.flight.CallOption;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightStream;
import org.jspecify.annotations.Nullable;

/// The rows of one snapshot of a collection, read as they arrive. For one thread; close it, also
/// when not all rows were read.
public final class RowCursor implements Iterator<VectorRow>, AutoCloseable {
    private final FlightClient client;
    private final CallOption token;
    private final Iterator<FlightEndpoint> endpoints;
    private @Nullable FlightStream stream;
    private int next;

    RowCursor(FlightClient client, CallOption token, Iterator<FlightEndpoint> endpoints) {
        this.client = client;
        this.token = token;
        this.endpoints = endpoints;
    }

    /// Whether there is another row; waits for the server where needed.
    ///
    /// @throws QuernException what ended the stream
    @Override
    public boolean hasNext() {
        try {
            while (true) {
                if (stream == null) {
                    if (!endpoints.hasNext()) {
                        return false;
                    }
                    stream = client.getStream(endpoints.next().getTicket(), token);
                    stream.getRoot().clear();
                    next = 0;
                }
                if (next < stream.getRoot().getRowCount()) {
                    return true;
                }
                next = 0;
                if (!stream.next()) {
                    close();
                }
            }
        } catch (RuntimeException e) {
            throw FlightFailures.of(e);
        }
    }

    @Override
    public VectorRow next() {
        FlightStream current = hasNext() ? stream : null;
        if (current == null) {
            throw new NoSuchElementException("no more rows");
        }
        return RowSchema.read(current.getRoot(), next++);
    }

    @Override
    public void close() {
        FlightStream open = stream;
        stream = null;
        if (open != null) {
            FlightFailures.close(open);
        }
    }
}
