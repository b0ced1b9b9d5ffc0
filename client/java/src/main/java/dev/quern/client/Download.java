package dev.quern.client;

import com.google.errorprone.annotations.MustBeClosed;
import dev.quern.common.ErrorKind;
import dev.quern.common.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A file being read, pinned to one commit. For one thread; the opener closes it.
public final class Download implements AutoCloseable {
    private static final int RESUMES_MAX = 5;
    private static final int BUFFER_BYTES = 256 << 10;

    private final HttpTransport http;
    private final String volume;
    private final String path;
    private final Optional<String> commit;
    private final long sizeBytes;
    private InputStream body;

    private Download(
            HttpTransport http, String volume, String path, HttpResponse<InputStream> response) {
        HttpHeaders headers = response.headers();
        this.http = http;
        this.volume = volume;
        this.path = path;
        this.commit = headers.firstValue("x-quern-commit");
        this.sizeBytes = headers.firstValueAsLong("content-length").orElse(-1);
        this.body = response.body();
    }

    @MustBeClosed
    static Download open(HttpTransport http, String volume, String path, Optional<String> commit) {
        Request request = Request.get(target(volume, path, commit)).waiting();
        return new Download(http, volume, path, http.open(request));
    }

    /// The commit that is read, when the server told it.
    public Optional<String> commit() {
        return commit;
    }

    /// Size of the file, -1 when the server did not tell it.
    public long sizeBytes() {
        return sizeBytes;
    }

    /// The bytes. A broken connection is an `IOException` here; [#copyTo] resumes.
    public InputStream stream() {
        return body;
    }

    /// Copies all bytes, going on after a broken connection where it stopped, up to 5 times.
    ///
    /// @return bytes copied
    /// @throws IOException if writing failed
    /// @throws QuernException `UNAVAILABLE` if the connection broke too often
    public long copyTo(OutputStream out) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long copied = 0;
        int resumes = 0;
        while (true) {
            int count;
            try {
                count = body.read(buffer);
            } catch (IOException e) {
                if (commit.isEmpty() || sizeBytes < 0 || ++resumes > RESUMES_MAX) {
                    throw broken(copied, e);
                }
                resumeAt(copied);
                continue;
            }
            if (count < 0) {
                return checked(copied);
            }
            out.write(buffer, 0, count);
            copied += count;
        }
    }

    private void resumeAt(long offset) {
        close();
        Request request = Request.get(target(volume, path, commit)).waiting();
        HttpResponse<InputStream> response = http.open(request, "range", "bytes=" + offset + "-");
        body = response.body();
        try {
            body.skipNBytes(response.statusCode() == 206 ? 0 : offset);
        } catch (IOException e) {
            throw broken(offset, e);
        }
    }

    private long checked(long copied) {
        if (sizeBytes >= 0 && copied != sizeBytes) {
            throw broken(copied, null);
        }
        return copied;
    }

    private QuernException broken(long copied, @Nullable IOException e) {
        return new QuernException(
                ErrorKind.UNAVAILABLE,
                "reading "
                        + volume
                        + ":"
                        + path
                        + " broke off after "
                        + copied
                        + " of "
                        + sizeBytes
                        + " bytes",
                e);
    }

    private static Target target(String volume, String path, Optional<String> commit) {
        return Target.of("volumes", volume, "files").path(path).query("at", commit);
    }

    @Override
    public void close() {
        try {
            body.close();
        } catch (IOException e) {
            throw new QuernException(
                    ErrorKind.UNAVAILABLE, "cannot close " + volume + ":" + path, e);
        }
    }
}
