package dev.quern.function;

import dev.quern.common.SpaceId;
import dev.quern.function.CallFormat.Queued;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes up the spawned calls that had not ended when the service stopped.
///
/// @param catalog finds their versions
/// @param calls their facts
/// @param engine takes them
record Recovery(FunctionCatalog catalog, CallStore calls, CallEngine engine) {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

    void run() {
        for (SpaceId space : catalog.spaces()) {
            int count = 0;
            for (Queued queued : calls.queued(space)) {
                takeUp(space, queued);
                count++;
            }
            if (count > 0) {
                LOG.info("{} spawned calls of space {} are taken up again", count, space);
            }
        }
    }

    private void takeUp(SpaceId space, Queued queued) {
        Optional<Deployment> deployment =
                catalog.find(space, queued.function(), queued.version(), queued.deployment());
        LiveCall.Stored stored = new LiveCall.Stored(queued.contentType(), queued.input());
        LiveCall call =
                new LiveCall(
                        new CallId(queued.id()),
                        deployment.orElseGet(() -> missing(space, queued)),
                        Instant.ofEpochMilli(queued.createdAtMillis()),
                        OptionalInt.empty(),
                        Optional.of(stored),
                        () -> FunctionService.read(calls, space, stored));
        int losses = queued.losses() + (queued.running() ? 1 : 0);
        call.history(queued.attempts(), losses);
        if (deployment.isEmpty()) {
            end(call, "its function was deleted");
        } else if (losses >= CallEngine.MAX_LOSSES) {
            end(call, "given up: the service was lost in each of its last " + losses + " runs");
        } else {
            engine.finishInBackground(call);
            engine.enter(call);
        }
    }

    private void end(LiveCall call, String why) {
        engine.finish(call, Outcome.failed(CallFailure.of(FailureReason.REFUSED, why)));
    }

    /// Stands for a version that is not there any more; it is never run.
    private static Deployment missing(SpaceId space, Queued queued) {
        DeploySpec spec =
                new DeploySpec(
                        FunctionRuntime.PYTHON,
                        new ArtifactId("0".repeat(64)),
                        "deleted:deleted",
                        Map.of(),
                        FunctionLimits.DEFAULT);
        FunctionInfo info =
                new FunctionInfo(
                        queued.function(),
                        queued.version(),
                        spec,
                        Instant.ofEpochMilli(queued.createdAtMillis()));
        return new Deployment(space, info, queued.deployment());
    }
}
