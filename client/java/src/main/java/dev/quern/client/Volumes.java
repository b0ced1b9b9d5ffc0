package dev.quern.client;

import dev.quern.common.wire.CreateVolume;
import dev.quern.common.wire.VolumeBody;
import dev.quern.common.wire.VolumeList;
import java.util.List;

/// Volumes: versioned file trees.
public final class Volumes {
    private final HttpTransport http;

    Volumes(HttpTransport http) {
        this.http = http;
    }

    /// Creates an empty volume.
    ///
    /// @param name 1 to 63 characters of `A-Z a-z 0-9 . _ -`
    /// @throws dev.quern.common.QuernException `CONFLICT` if there is one of this name
    public VolumeBody create(String name) {
        return create(new CreateVolume(name, false), Retry.IF_NOT_ADMITTED);
    }

    /// Returns the volume of this name, created empty when there was none.
    public VolumeBody createIfMissing(String name) {
        return create(new CreateVolume(name, true), Retry.ALWAYS);
    }

    private VolumeBody create(CreateVolume request, Retry retry) {
        return http.json(
                Request.json("POST", Target.of("volumes"), request, retry), VolumeBody.class);
    }

    /// The volume of this name.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is none
    public VolumeBody get(String name) {
        return http.json(Request.get(Target.of("volumes", name)), VolumeBody.class);
    }

    /// All volumes in name order.
    public List<VolumeBody> list() {
        return http.json(Request.get(Target.of("volumes")), VolumeList.class).volumes();
    }

    /// Deletes a volume with its history.
    ///
    /// @throws dev.quern.common.QuernException `NOT_FOUND` if there is none
    public void delete(String name) {
        http.run(Request.delete(Target.of("volumes", name)));
    }

    /// The files of a volume; no request is made. Changes are staged in a session of this handle's
    /// own until [VolumeFiles#commit(String)].
    public VolumeFiles files(String volume) {
        return VolumeFiles.of(http, volume);
    }
}
