package dev.quern.bench;

import org.jspecify.annotations.Nullable;

/// One measured figure.
///
/// @param metric what was measured, lower-case words joined by `-`
/// @param unit of the values
/// @param value ours
/// @param recall share of the truly nearest that ours found, null where nothing is searched
/// @param peer the package compared with, `limit` for a physical limit, null for none
/// @param peerValue the peer's figure in the same run, null without a peer
/// @param peerRecall what the peer found
/// @param higherIsBetter whether more is better
public record Metric(
        String metric,
        String unit,
        double value,
        @Nullable Double recall,
        @Nullable String peer,
        @Nullable Double peerValue,
        @Nullable Double peerRecall,
        boolean higherIsBetter) {
    static Metric more(String metric, String unit, double value) {
        return new Metric(metric, unit, value, null, null, null, null, true);
    }

    static Metric less(String metric, String unit, double value) {
        return new Metric(metric, unit, value, null, null, null, null, false);
    }

    Metric against(String newPeer, double newPeerValue) {
        return new Metric(metric, unit, value, recall, newPeer, newPeerValue, null, higherIsBetter);
    }

    /// The same, of a peer that searches.
    Metric against(String newPeer, double newPeerValue, double newPeerRecall) {
        return new Metric(
                metric, unit, value, recall, newPeer, newPeerValue, newPeerRecall, higherIsBetter);
    }

    /// The same, with how much was found.
    Metric at(double newRecall) {
        return new Metric(
                metric, unit, value, newRecall, peer, peerValue, peerRecall, higherIsBetter);
    }

    /// How far ahead we are: above 1 is better; null without a peer.
    @Nullable Double ratio() {
        if (peerValue == null) {
            return null;
        }
        return higherIsBetter ? value / peerValue : peerValue / value;
    }
}
