package dev.quern.flight;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;

/// Gives every call its [CallGate] and knows the gates of the calls that are running. Thread-safe.
final class CallGates implements ServerInterceptor {
    private final Duration stall;
    private final ScheduledExecutorService timer;
    private final Set<CallGate> open = ConcurrentHashMap.newKeySet();

    CallGates(Duration stall, ScheduledExecutorService timer) {
        this.stall = stall;
        this.timer = timer;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        CallGate gate = new CallGate(call, stall, timer);
        Context context = Context.current().withValue(CallGate.KEY, gate);
        ServerCall.Listener<Q> listener =
                Contexts.interceptCall(context, new GatedCall<>(call, gate), headers, next);
        // The call's last event, which removes the gate, cannot come before this returns.
        open.add(gate);
        return new GateListener<>(listener, gate, open);
    }

    /// Ends every running call's waits.
    void endAll() {
        open.forEach(gate -> gate.end(CallGate.closing()));
    }

    /// Answers nothing once the client has cancelled, or gRPC has ended the call by itself, as it
    /// does for a message over the bound: headers written to such a call fail its connection, and
    /// with it every other call there.
    private static final class GatedCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
        private final CallGate gate;

        GatedCall(ServerCall<Q, R> call, CallGate gate) {
            super(call);
            this.gate = gate;
        }

        @Override
        public void close(Status status, Metadata trailers) {
            if (!gate.isCancelled()) {
                super.close(status, trailers);
            }
        }
    }

    private static final class GateListener<Q> extends SimpleForwardingServerCallListener<Q> {
        private final CallGate gate;
        private final Set<CallGate> open;

        GateListener(ServerCall.Listener<Q> next, CallGate gate, Set<CallGate> open) {
            super(next);
            this.gate = gate;
            this.open = open;
        }

        @Override
        public void onReady() {
            gate.signalReady();
            super.onReady();
        }

        @Override
        public void onCancel() {
            open.remove(gate);
            gate.end(new CallGate.CancelledCall());
            super.onCancel();
        }

        @Override
        public void onComplete() {
            open.remove(gate);
            super.onComplete();
        }
    }
}
