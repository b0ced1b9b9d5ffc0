package dev.quern.vector;

import dev.quern.common.ErrorKind;
import dev.quern.common.Names;
import dev.quern.common.QuernException;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where one page of hits ended, for the next to begin after it. As text it is opaque.
///
/// @param seen hits on the pages so far, 1 to [#MAX_SEEN]
/// @param score of the last of them
/// @param id of the last of them
public record SearchCursor(int seen, double score, String id) {
    /// The most hits that paging gets to.
    public static final int MAX_SEEN = 10_000;

    private static final int VERSION = 1;

    /// What the score of one row may differ by between two searches.
    private static final double ROUNDING = DenseLeg.COSINE_ROUNDING;

    /// Reads what [#toString] gave.
    ///
    /// @throws QuernException `INVALID` for anything else
    public static SearchCursor parse(String text) {
        try {
            FrameInput in = new FrameInput("cursor", Base64.getUrlDecoder().decode(text));
            in.version(VERSION);
            int seen = in.number(MAX_SEEN);
            double score = in.f64();
            String id = in.utf8();
            in.end();
            if (seen > 0 && Double.isFinite(score)) {
                return new SearchCursor(seen, score, id);
            }
        } catch (IllegalArgumentException | QuernException e) {
            throw notOurs(text, e);
        }
        throw notOurs(text, null);
    }

    private static QuernException notOurs(String text, @Nullable Exception e) {
        return new QuernException(
                ErrorKind.INVALID,
                "'after' must be the 'next' of an earlier answer, got \""
                        + Names.abbreviate(text)
                        + "\"",
                e);
    }

    /// Base64 in the URL alphabet.
    @Override
    public String toString() {
        FrameOutput out = new FrameOutput();
        out.u8(VERSION);
        out.count(seen);
        out.f64(score);
        out.utf8(id);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(out.toBytes());
    }

    /// The rows of later pages. The last row of the page before is known by its id: its score may
    /// be rounded otherwise than then.
    ///
    /// @param order best first
    List<Ranked> rest(List<Ranked> order) {
        for (int i = 0; i < order.size(); i++) {
            Ranked row = order.get(i);
            if (row.id().equals(id) && Math.abs(row.score() - score) <= ROUNDING) {
                return order.subList(i + 1, order.size());
            }
        }
        return order.stream().filter(this::isBefore).toList();
    }

    private boolean isBefore(Ranked row) {
        int byScore = Double.compare(row.score(), score);
        return byScore < 0 || (byScore == 0 && row.id().compareTo(id) > 0);
    }
}
