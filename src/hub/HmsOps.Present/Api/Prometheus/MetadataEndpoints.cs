using System.Globalization;
using System.Text.Json;
using HmsOps.PromQL;
using HmsOps.Series;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary><c>/api/v1/metadata</c>: what makers say about their metrics; <c>/api/v1/query_exemplars</c>: observations that stand for many, of the series an expression names.</summary>
internal sealed class MetadataEndpoints(PresentSources sources, PromDoor door)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/metadata", http => door.AnswerAsync(http, Metadata));
        routes.MapMethods("/api/v1/query_exemplars", [HttpMethods.Get, HttpMethods.Post], http => door.AnswerAsync(http, Exemplars));
    }

    private PromRefusal? Metadata(PromParameters asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        if (ReadLimit(asked, "limit", out var metrics) is { } refused)
            return refused;
        if (ReadLimit(asked, "limit_per_metric", out _) is { } alsoRefused) // there is one a metric, the newest word: no limit is below that
            return alsoRefused;
        var name = asked["metric"];
        PromAnswer.WriteData(json, data =>
        {
            data.WriteStartObject();
            foreach (var said in sources.AllMetadata().Where(said => name.Length == 0 || said.Metric == name).Take(metrics))
            {
                data.WriteStartArray(said.Metric);
                Write(data, said);
                data.WriteEndArray();
            }
            data.WriteEndObject();
        });
        return null;
    }

    private static void Write(Utf8JsonWriter json, MetricMetadata said)
    {
        json.WriteStartObject();
        json.WriteString("type", said.Type);
        json.WriteString("help", said.Help);
        json.WriteString("unit", said.Unit);
        json.WriteEndObject();
    }

    private PromRefusal? Exemplars(PromParameters asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        if (asked.Range(out var from, out var to) is { } refused)
            return refused;
        if (asked.Expression("query", out var expression) is { } alsoRefused)
            return alsoRefused;
        var found = new SortedDictionary<Labels, IReadOnlyList<SeriesExemplar>>(Labels.RowOrder);
        foreach (var selector in Selectors(expression.Root))
        {
            foreach (var series in sources.Exemplars(new Selection(selector.Matchers, from, to), cancellationToken))
                found[series.Series] = series.Exemplars;
        }
        PromAnswer.WriteData(json, data =>
        {
            data.WriteStartArray();
            foreach (var (labels, exemplars) in found)
                Write(data, labels, exemplars);
            data.WriteEndArray();
        });
        return null;
    }

    private static void Write(Utf8JsonWriter json, Labels labels, IReadOnlyList<SeriesExemplar> exemplars)
    {
        json.WriteStartObject();
        json.WritePropertyName("seriesLabels");
        PromAnswer.WriteLabels(json, labels);
        json.WriteStartArray("exemplars");
        foreach (var exemplar in exemplars)
        {
            json.WriteStartObject();
            json.WritePropertyName("labels");
            PromAnswer.WriteLabels(json, exemplar.Labels);
            json.WritePropertyName("value");
            PromAnswer.WriteNumber(json, exemplar.Value);
            json.WriteNumber("timestamp", PromTime.Seconds(exemplar.Time));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static IEnumerable<PromNode.Selector> Selectors(PromNode node) => node is PromNode.Selector selector ? [selector] : node.Children.SelectMany(Selectors);

    private static PromRefusal? ReadLimit(PromParameters asked, string name, out int limit)
    {
        limit = int.MaxValue;
        if (!asked.Has(name, out var text) || text.Length == 0)
            return null;
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var most))
            return PromRefusal.Bad(name, $"cannot parse {PromRefusal.Quoted(text)} to a number of items");
        limit = most >= 0 ? most : int.MaxValue; // below none: as many as there are
        return null;
    }
}
