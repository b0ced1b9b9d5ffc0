package dev.quern.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// `POST /v1/collections/{collection}/search`.
///
/// Either `legs`, or the simple form in the default fields: `text`, `vector`, `mode`, `exact`.
///
/// @param mode `dense`, `bm25` or `hybrid`; default `hybrid` with text, `dense` with a vector alone
/// @param text the query; embedded by the collection's model for the dense leg
/// @param vector for the dense leg, instead of embedding `text`
/// @param limit 1 to 1,000, default 10
/// @param filter `{"eq":[field,value]}`, `{"in":[field,[values]]}`, `{"any":[field,[values]]}` (the
///   same), `{"all":[field,[values]]}`, `{"range":[field,{"gte":..,"gt":..,"lte":..,"lt":..}]}`,
///   `{"exists":field}`, `{"prefix":[field,string]}`, `{"contains":[field,value]}`, `{"and":[..]}`,
///   `{"or":[..]}`, `{"not":..}`
/// @param includeVector default false
/// @param exact dense leg by exact scan instead of the graph; default false
/// @param legs 1 to 8 rankings
/// @param fusion of several legs; default reciprocal rank
/// @param fields the vectors, texts and attributes that hits have; default every text and attribute
/// @param exclude fields that hits do not have
/// @param after the `next` of an earlier answer: go on after its last hit
/// @param timeoutMs 1 to 600,000: answer with what was found by then; default none
/// @param explain true: how each leg was run, and each hit's place in it; default false
/// @param at what to search: a snapshot's name, the token of a write, or a moment (RFC 3339);
///   default the rows as they are now
/// @param includeVersion true: hits tell their version and when they expire; default false
/// @param consistency `strong` (default): every acknowledged write shows; `eventual`: what is
///   visible already, at most a second behind
/// @param atLeast instead: the token of a write that must show
public record SearchRows(
        @Nullable String mode,
        @Nullable String text,
        @Nullable List<Float> vector,
        @Nullable Integer limit,
        @Nullable Object filter,
        @Nullable Boolean includeVector,
        @Nullable Boolean exact,
        @Nullable List<SearchLeg> legs,
        @Nullable SearchFusion fusion,
        @Nullable List<String> fields,
        @Nullable List<String> exclude,
        @Nullable String after,
        @Nullable Integer timeoutMs,
        @Nullable Boolean explain,
        @Nullable String at,
        @Nullable Boolean includeVersion,
        @Nullable String consistency,
        @Nullable Long atLeast) {
    /// A search in the default fields.
    public SearchRows(
            @Nullable String mode,
            @Nullable String text,
            @Nullable List<Float> vector,
            @Nullable Integer limit,
            @Nullable Object filter,
            @Nullable Boolean includeVector,
            @Nullable Boolean exact) {
        this(
                mode,
                text,
                vector,
                limit,
                filter,
                includeVector,
                exact,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    /// A search by legs, with the default limit, without a filter.
    public static SearchRows of(List<SearchLeg> legs, @Nullable SearchFusion fusion) {
        return new SearchRows(
                null, null, null, null, null, null, null, legs, fusion, null, null, null, null,
                null, null, null, null, null);
    }
}
