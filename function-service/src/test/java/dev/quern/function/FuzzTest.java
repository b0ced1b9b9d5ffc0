package dev.quern.function;

import dev.quern.storage.FuzzContract;
import dev.quern.storage.FuzzSuite;

final class FuzzTest extends FuzzContract {
    @Override
    protected FuzzSuite suite() {
        return new FunctionFuzz();
    }
}
