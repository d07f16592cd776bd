using System.Text;
using System.Text.Json;
using HmsOps.Observe.Exposition;
using HmsOps.Series;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary><c>/api/v1/series</c>, <c>/labels</c> and <c>/label/{name}/values</c>, by GET or as a POST form: which series there are, without their samples.</summary>
internal sealed class SeriesEndpoints(PresentSources sources, PromDoor door)
{
    /// <summary>The most of one list. Beyond, it is cut and says so, as with a limit of the asker's own.</summary>
    public const int ItemsMax = 50_000;

    public void Map(IEndpointRouteBuilder routes)
    {
        string[] methods = [HttpMethods.Get, HttpMethods.Post];
        routes.MapMethods("/api/v1/series", methods, http => door.AnswerAsync(http, Series));
        routes.MapMethods("/api/v1/labels", methods, http => door.AnswerAsync(http, Names));
        routes.MapMethods("/api/v1/label/{name}/values", methods, http => door.AnswerAsync(http, (asked, json, cancellationToken) =>
            Values($"{http.Request.RouteValues["name"]}", asked, json, cancellationToken)));
    }

    private PromRefusal? Series(PromParameters asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        if (Read(asked, out var selections, out var limit) is { } refused)
            return refused;
        if (selections[0].Matchers.Count == 0)
            return new PromRefusal(400, "bad_data", "no match[] parameter provided: name the series, as in match[]=up");
        var most = limit + 1; // one more tells that the list was cut
        Labels[] found = [.. LabelLists.UnionOfRows([.. selections.Select(selection => sources.Series.Series(selection, most, cancellationToken))]).Take(most)];
        PromAnswer.WriteList(json, items =>
        {
            foreach (var labels in found.Take(limit))
                PromAnswer.WriteLabels(items, labels);
        }, found.Length > limit ? [PromAnswer.Truncated] : []);
        return null;
    }

    private PromRefusal? Names(PromParameters asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        if (Read(asked, out var selections, out var limit) is { } refused)
            return refused;
        Write(json, [.. selections.Select(selection => sources.Series.LabelNames(selection, cancellationToken))], limit);
        return null;
    }

    private PromRefusal? Values(string escaped, PromParameters asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        var name = EscapedName.Unescape(escaped);
        if (name.Length == 0)
            return PromRefusal.Bad("name", $"invalid label name: {PromRefusal.Quoted(escaped)}");
        if (Read(asked, out var selections, out var limit) is { } refused)
            return refused;
        Write(json, [.. selections.Select(selection => sources.Series.LabelValues(name, selection, cancellationToken))], limit);
        return null;
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<IReadOnlyList<string>> lists, int limit)
    {
        // Each list is in the order of its bytes; only several have to be put in order again.
        IReadOnlyList<string> texts = lists.Count == 1
            ? lists[0]
            : [.. lists.SelectMany(list => list).Distinct(StringComparer.Ordinal).OrderBy(Encoding.UTF8.GetBytes, Comparer<byte[]>.Create(static (a, b) => a.AsSpan().SequenceCompareTo(b)))];
        PromAnswer.WriteList(json, items =>
        {
            foreach (var text in texts.Take(limit))
                items.WriteStringValue(text);
        }, texts.Count > limit ? [PromAnswer.Truncated] : []);
    }

    /// <summary>The selections of a question, one without matchers where none is named, and how many items it wants at most.</summary>
    private static PromRefusal? Read(PromParameters asked, out IReadOnlyList<Selection> selections, out int limit)
    {
        (selections, limit) = ([], ItemsMax);
        if (asked.Range(out var from, out var to) is { } badRange)
            return badRange;
        if (asked.Limit(ItemsMax, out limit) is { } badLimit)
            return badLimit;
        if (asked.Selectors(out var refused) is not { } selectors)
            return refused;
        selections = selectors.Count == 0 ? [new Selection([], from, to)] : [.. selectors.Select(matchers => new Selection(matchers, from, to))];
        return null;
    }
}
