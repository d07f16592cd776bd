using System.Globalization;
using System.Text;
using System.Text.Json;
using HmsOps.Observe.Scrape;
using HmsOps.PromQL;
using HmsOps.Series;
using HmsOps.Workspace.Quantities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary><c>/api/v1/targets</c> and <c>/api/v1/targets/metadata</c>, as Prometheus answers them.</summary>
internal static class TargetsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes, PresentSources sources)
    {
        routes.MapGet("/api/v1/targets", http => AnswerAsync(http, json => WriteTargets(json, sources.Targets(), http.Request.Query)));
        routes.MapGet("/api/v1/targets/metadata", http => AnswerAsync(http, json => WriteMetadata(json, sources.Targets(), http.Request.Query)));
    }

    private static void WriteTargets(Utf8JsonWriter json, TargetList targets, IQueryCollection asked)
    {
        var state = asked["state"].ToString();
        var pool = asked["scrapePool"].ToString();
        json.WriteStartObject();
        json.WriteString("status", "success");
        json.WriteStartObject("data");
        json.WriteStartArray("activeTargets");
        foreach (var watched in targets.Active.Where(watched => state != "dropped" && (pool.Length == 0 || pool == watched.Target.Set.Job)))
            WriteActive(json, watched);
        json.WriteEndArray();
        json.WriteStartArray("droppedTargets");
        foreach (var dropped in targets.Dropped.Where(dropped => state != "active" && (pool.Length == 0 || pool == dropped.Job)))
        {
            json.WriteStartObject();
            WriteLabels(json, "discoveredLabels", dropped.Discovered);
            json.WriteString("scrapePool", dropped.Job);
            if (dropped.Problem is not null)
                json.WriteString("lastError", dropped.Problem);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("droppedTargetCounts");
        foreach (var job in targets.Dropped.GroupBy(dropped => dropped.Job, StringComparer.Ordinal))
            json.WriteNumber(job.Key, job.Count());
        json.WriteEndObject();
        json.WriteEndObject();
        if (targets.Problems.Count > 0)
        {
            json.WriteStartArray("warnings");
            foreach (var problem in targets.Problems)
                json.WriteStringValue(problem);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private static void WriteActive(Utf8JsonWriter json, WatchedTarget watched)
    {
        var (target, status) = (watched.Target, watched.Status);
        json.WriteStartObject();
        WriteLabels(json, "discoveredLabels", target.Discovered);
        WriteLabels(json, "labels", target.Labels);
        json.WriteString("scrapePool", target.Set.Job);
        json.WriteString("scrapeUrl", target.Url.ToString());
        json.WriteString("globalUrl", target.Url.ToString());
        json.WriteString("lastError", status.Error);
        json.WriteString("lastScrape", (status.At ?? DateTimeOffset.MinValue).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        json.WriteNumber("lastScrapeDuration", status.Took.TotalSeconds);
        json.WriteString("health", status.Health.ToString().ToLowerInvariant());
        json.WriteString("scrapeInterval", Durations.Format(target.Interval));
        json.WriteString("scrapeTimeout", Durations.Format(target.Timeout));
        if (status.Note.Length > 0)
            json.WriteString("lastWarning", status.Note);
        json.WriteEndObject();
    }

    private static void WriteMetadata(Utf8JsonWriter json, TargetList targets, IQueryCollection asked)
    {
        var metric = asked["metric"].ToString();
        var left = int.TryParse(asked["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 ? limit : int.MaxValue;
        IReadOnlyList<Matcher> matchers = [];
        if (asked["match_target"].ToString() is { Length: > 0 } selector)
        {
            if (PromParser.Parse(selector).Expression?.Root is not PromNode.Selector { Matchers: var read })
            {
                PromAnswer.WriteError(json, "bad_data", "match_target is no selector like {job=\"node\"}");
                return;
            }
            matchers = read;
        }
        List<WatchedTarget> chosen;
        try
        {
            chosen = [.. targets.Active.Where(watched => matchers.All(matcher => matcher.Matches(watched.Target.Labels)))];
        }
        catch (QueryBudgetException slow)
        {
            PromAnswer.WriteError(json, "execution", slow.Message);
            return;
        }
        json.WriteStartObject();
        json.WriteString("status", "success");
        json.WriteStartArray("data");
        foreach (var (watched, said) in chosen
            .SelectMany(watched => watched.Metadata.Where(said => metric.Length == 0 || said.Metric == metric).Select(said => (watched, said))).Take(left))
        {
            json.WriteStartObject();
            WriteLabels(json, "target", watched.Target.Labels);
            if (metric.Length == 0)
                json.WriteString("metric", said.Metric);
            json.WriteString("type", said.Type);
            json.WriteString("help", said.Help);
            json.WriteString("unit", said.Unit);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteLabels(Utf8JsonWriter json, string name, Labels labels)
    {
        json.WriteStartObject(name);
        foreach (var label in labels)
            json.WriteString(Encoding.UTF8.GetString(label.Name), Encoding.UTF8.GetString(label.Value));
        json.WriteEndObject();
    }

    private static Task AnswerAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        http.Response.Headers.CacheControl = "no-store";
        return PromDoor.SendAsync(http, write);
    }
}
