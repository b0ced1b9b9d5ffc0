package dev.quern.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.io.IOContext;
import com.fasterxml.jackson.core.json.ByteSourceJsonBootstrapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.Serial;

/// Makes parsers of streams that read vectors quickly, see [VectorJsonParser].
final class VectorJsonFactory extends JsonFactory {
    @Serial private static final long serialVersionUID = 1L;

    VectorJsonFactory(JsonFactoryBuilder builder) {
        super(builder);
    }

    @Override
    protected JsonParser _createParser(InputStream in, IOContext context) throws IOException {
        byte[] buffer = context.allocReadIOBuffer();
        int count = 0;
        for (int read = 0; read >= 0 && count < 2; count += Math.max(0, read)) {
            read = in.read(buffer, count, buffer.length - count);
        }
        if (count >= 2 && isAscii(buffer[0]) && isAscii(buffer[1])) {
            return new VectorJsonParser(
                    context,
                    _parserFeatures,
                    in,
                    _objectCodec,
                    _byteSymbolCanonicalizer.makeChildOrPlaceholder(_factoryFeatures),
                    buffer,
                    count);
        }
        // Some other encoding, a byte order mark, or too little to tell.
        InputStream whole =
                new SequenceInputStream(new ByteArrayInputStream(buffer.clone(), 0, count), in);
        context.releaseReadIOBuffer(buffer);
        return new ByteSourceJsonBootstrapper(context, whole)
                .constructParser(
                        _parserFeatures,
                        _objectCodec,
                        _byteSymbolCanonicalizer,
                        _rootCharSymbols,
                        _factoryFeatures);
    }

    /// UTF-16 and UTF-32 have a zero among the first two bytes of a JSON text, or a mark.
    private static boolean isAscii(byte value) {
        return value > 0;
    }
}
