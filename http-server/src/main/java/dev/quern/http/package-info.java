/// REST and OpenAI-compatible routes.
@NullMarked
package dev.quern.http;

import org.jspecify.annotations.NullMarked;
