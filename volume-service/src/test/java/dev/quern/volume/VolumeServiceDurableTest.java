package dev.quern.volume;

import java.nio.file.Path;

/// The contract on the storage engine.
final class VolumeServiceDurableTest extends VolumeServiceContract {
    @Override
    Fixture open(Path path) {
        return Fixture.durable(path);
    }
}
