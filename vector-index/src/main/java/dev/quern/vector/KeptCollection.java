package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.IOUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The rows of a snapshot, open for reading. Thread-safe; [OpenSnapshots] opens and closes it.
final class KeptCollection implements ReadableCollection {
    private static final Logger log = LoggerFactory.getLogger(KeptCollection.class);

    private final String what;
    private final Schema schema;
    private final InstantSource clock;
    private final Directory directory;
    private final DirectoryReader reader;
    private final IndexSearcher searcher;
    private final SearchPace pace = new SearchPace();
    private volatile boolean failed;

    /// @param what names it in messages
    /// @param commitId of the commit whose files are there
    /// @throws IOException if they are not, or are damaged
    KeptCollection(String what, Schema schema, Path path, String commitId, InstantSource clock)
            throws IOException {
        this.clock = clock;
        this.what = what;
        this.schema = schema;
        this.directory = new MMapDirectory(path);
        try {
            this.reader = open(directory, commitId);
        } catch (IOException | RuntimeException e) {
            IOUtils.closeWhileHandlingException(directory);
            throw e;
        }
        this.searcher = new IndexSearcher(reader);
    }

    private static DirectoryReader open(Directory directory, String commitId) throws IOException {
        DirectoryReader reader = DirectoryReader.open(directory);
        String found = reader.getIndexCommit().getUserData().get(CommitPins.COMMIT_ID);
        if (!commitId.equals(found)) {
            IOUtils.closeWhileHandlingException(reader);
            throw new IOException("commit " + found + " in " + directory + ", not " + commitId);
        }
        return reader;
    }

    @Override
    public boolean isShown() {
        return true;
    }

    @Override
    public SearchPace pace() {
        return pace;
    }

    @Override
    public Fields schema() {
        return () -> schema;
    }

    @Override
    public <T> T read(Reading<T> reading) {
        if (!reader.tryIncRef()) {
            throw unavailable("was closed", new AlreadyClosedException("closed"));
        }
        try {
            return reading.read(Expiry.visible(searcher, clock.instant()));
        } catch (IOException e) {
            failed = true;
            throw unavailable("cannot be read", e);
        } catch (QuernException e) {
            if (e.kind() == ErrorKind.CORRUPT) {
                failed = true;
                throw unavailable("cannot be read", e);
            }
            throw e;
        } finally {
            decRef();
        }
    }

    private void decRef() {
        try {
            reader.decRef();
        } catch (IOException e) {
            log.warn("{} closed badly", what, e);
        }
    }

    private QuernException unavailable(String problem, Exception cause) {
        return new QuernException(
                ErrorKind.UNAVAILABLE, what + " " + problem + ": " + cause, cause);
    }

    @Override
    public CollectionStats stats() {
        return read(searcher -> CollectionStats.of(searcher.getIndexReader(), schema, false));
    }

    @Override
    public boolean isFailed() {
        return failed || isReplaced();
    }

    @Override
    public boolean isReplaced() {
        return reader.getRefCount() <= 0;
    }

    /// Reads under way end well.
    void close() {
        try {
            IOUtils.close(reader, directory);
        } catch (IOException e) {
            log.warn("{} closed badly", what, e);
        }
    }
}
