package dev.quern.function;

/// Why an instance did not start.
///
/// @param failure for the call that needed it
/// @param retry whether another attempt may succeed: the machine is to blame, not the code
/// @param file of the user's sources where loading failed, relative; may be empty
/// @param line in that file, 0 when unknown
record StartFailure(CallFailure failure, boolean retry, String file, int line) {}
