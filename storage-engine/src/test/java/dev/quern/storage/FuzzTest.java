package dev.quern.storage;

final class FuzzTest extends FuzzContract {
    @Override
    protected FuzzSuite suite() {
        return new FuzzTargets();
    }
}
