package dev.quern.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import java.io.Serial;

/// A field of a body that is not what it must be; the message goes on where the field's name ends.
final class FieldException extends MismatchedInputException {
    @Serial private static final long serialVersionUID = 1L;

    FieldException(JsonParser parser, String problem) {
        super(parser, problem);
    }
}
