package dev.quern.function.runner;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Runs one Java function, one call at a time. Speaks frames ([FramePipe]) on standard input and
/// output; what user code prints goes to standard error and ends with the marker of the call.
public final class RunnerMain {
    private static final ObjectMapper JSON = new ObjectMapper();

    private RunnerMain() {}

    /// Serves until standard input ends. Takes no arguments.
    public static void main(String[] arguments) throws IOException {
        FramePipe pipe = FramePipe.ofStandardStreams();
        PrintStream logs = redirectPrinting();
        FramePipe.Frame first = pipe.receive();
        EntryPoint entry;
        try {
            entry =
                    EntryPoint.load(
                            Path.of(first.header().path("jar").asText()),
                            first.header().path("entry").asText());
        } catch (InvocationTargetException e) {
            fail(pipe, e.getCause() == null ? e : e.getCause());
            return;
        } catch (ReflectiveOperationException | LinkageError | RuntimeException | IOException e) {
            fail(pipe, e);
            return;
        }
        ObjectNode ready = JSON.createObjectNode();
        pipe.send(ready.put("op", "ready"), new byte[0]);
        Usage usage = new Usage();
        while (true) {
            FramePipe.Frame call = pipe.receive();
            CallReply reply = CallReply.of(entry, call);
            logs.flush();
            byte[] marker =
                    call.header().path("marker").asText().getBytes(StandardCharsets.ISO_8859_1);
            logs.write(marker, 0, marker.length);
            logs.flush();
            ObjectNode header = reply.header();
            header.put("id", call.header().path("id").asText());
            usage.addTo(header);
            pipe.send(header, reply.body());
        }
    }

    private static PrintStream redirectPrinting() {
        PrintStream logs =
                new PrintStream(
                        new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        System.setIn(InputStream.nullInputStream());
        System.setOut(logs);
        System.setErr(logs);
        return logs;
    }

    private static void fail(FramePipe pipe, Throwable failure) throws IOException {
        ObjectNode header = CallReply.describe(failure);
        pipe.send(header.put("op", "failed").put("file", "").put("line", 0), new byte[0]);
    }
}
