package dev.quern.storage;

final class MemoryTierTest extends TierContract {
    private final MemoryTier tier = new MemoryTier();

    @Override
    protected Tier tier() {
        return tier;
    }
}
