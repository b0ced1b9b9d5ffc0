package dev.quern.flight;

import dev.quern.common.SpaceId;
import org.apache.arrow.flight.FlightProducer.StreamListener;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/// Receives what a client puts, and answers it. Thread-safe.
final class Uploads {
    private final FilePut files;
    private final RowPut rows;
    private final BufferAllocator allocator;

    Uploads(FlightServices services, BufferAllocator allocator) {
        this.files = new FilePut(services.volumes(), services.random());
        this.rows = new RowPut(services.collections());
        this.allocator = allocator;
    }

    /// Receives a stream to its end.
    ///
    /// @throws dev.quern.common.QuernException as [FilePut] and [RowPut]
    void receive(
            SpaceId space, FlightStream stream, StreamListener<PutResult> answers, CallGate gate) {
        PutStream batches = new PutStream(stream, gate);
        switch (Target.of(batches.descriptor())) {
            case Target.File file -> answer(answers, files.receive(space, file, batches));
            case Target.Rows collection -> {
                Acknowledger acknowledger = new Acknowledger(answers, gate);
                rows.receive(space, collection, batches, acknowledger::accept);
                acknowledger.flush();
            }
        }
    }

    private void answer(StreamListener<PutResult> answers, Object body) {
        byte[] json = FlightJson.write(body);
        ArrowBuf buffer = allocator.buffer(json.length);
        buffer.writeBytes(json);
        try (PutResult result = PutResult.metadata(buffer)) {
            answers.onNext(result);
        }
    }

    /// Sends acknowledgements as long as the client reads them. Those that it leaves waiting become
    /// one, so that a client that only writes costs no memory and is not held back either.
    private final class Acknowledger {
        private final StreamListener<PutResult> answers;
        private final CallGate gate;
        private @Nullable RowAck waiting;

        Acknowledger(StreamListener<PutResult> answers, CallGate gate) {
            this.answers = answers;
            this.gate = gate;
        }

        void accept(RowAck ack) {
            waiting = waiting == null ? ack : waiting.and(ack);
            if (gate.isReady()) {
                flush();
            }
        }

        void flush() {
            if (waiting != null) {
                answer(answers, waiting.body());
                waiting = null;
            }
        }
    }
}
