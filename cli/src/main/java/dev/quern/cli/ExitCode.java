package dev.quern.cli;

import dev.quern.common.ErrorKind;

/// The exit statuses of the command, as documented in `docs/cli.md`.
enum ExitCode {
    /// Done.
    OK(0),
    /// Something failed in a way that none of the others says.
    FAILED(1),
    /// The command line, a setting or the input is wrong.
    USAGE(2),
    /// The named thing does not exist.
    NOT_FOUND(3),
    /// The token is missing or wrong.
    DENIED(4),
    /// The thing exists already, has changed, or is in use.
    CONFLICT(5),
    /// The server is not there or is busy; trying again may help.
    TRY_AGAIN(6),
    /// The function was run and did not succeed.
    CALL_FAILED(7);

    private final int status;

    ExitCode(int status) {
        this.status = status;
    }

    int status() {
        return status;
    }

    static ExitCode of(ErrorKind kind) {
        return switch (kind) {
            case INVALID -> USAGE;
            case DENIED -> DENIED;
            case NOT_FOUND -> NOT_FOUND;
            case CONFLICT, FENCED -> CONFLICT;
            case EXHAUSTED, UNAVAILABLE -> TRY_AGAIN;
            case CORRUPT, INTERNAL -> FAILED;
        };
    }
}
