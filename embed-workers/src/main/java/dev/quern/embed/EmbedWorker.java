package dev.quern.embed;

import dev.quern.common.QuernException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One thread of the pool: does what the queue says until it is closed. A failure ends the requests
/// that it touched, never the thread.
final class EmbedWorker implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbedWorker.class);

    private final BatchQueue queue;

    EmbedWorker(BatchQueue queue) {
        this.queue = queue;
    }

    @Override
    public void run() {
        try {
            for (Work work = queue.take(); work != null; work = queue.take()) {
                perform(work);
            }
        } catch (InterruptedException e) {
            LOG.warn("embedding thread {} was interrupted and ends", Thread.currentThread(), e);
        }
    }

    private void perform(Work work) {
        switch (work) {
            case Work.Slice slice -> tokenize(slice);
            case Work.Batch batch -> embed(batch);
        }
    }

    private void tokenize(Work.Slice slice) {
        try {
            slice.request().tokenize(slice);
            queue.tokenized(slice);
        } catch (RuntimeException | Error e) {
            queue.abandon(slice.request(), asQuernException(e));
        }
    }

    private void embed(Work.Batch batch) {
        List<Work.Slot> slots = batch.slots();
        try {
            long begin = System.nanoTime();
            float[][] vectors = batch.model().engine().embed(batch.tokens());
            queue.computed(slots.size(), System.nanoTime() - begin);
            for (int i = 0; i < vectors.length; i++) {
                slots.get(i).request().complete(slots.get(i).position(), vectors[i]);
            }
        } catch (RuntimeException | Error e) {
            slots.forEach(slot -> queue.abandon(slot.request(), asQuernException(e)));
        }
    }

    private static QuernException asQuernException(Throwable cause) {
        return cause instanceof QuernException known
                ? known
                : QuernException.internal("embedding failed: " + cause, cause);
    }
}
