using System.Globalization;
using System.Text.Json;
using HmsOps.Observe.Scrape;
using HmsOps.PromQL;
using HmsOps.Series;
using HmsOps.Workspace.Quantities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary><c>/api/v1/targets</c> and <c>/api/v1/targets/metadata</c>, as Prometheus answers them.</summary>
internal sealed class TargetsEndpoint(PresentSources sources, PromDoor door)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/targets", http => door.AnswerAsync(http, Targets));
        routes.MapGet("/api/v1/targets/metadata", http => door.AnswerAsync(http, Metadata));
    }

    private PromRefusal? Targets(PromParameters asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        var targets = sources.Targets();
        var (state, pool) = (asked["state"].ToLowerInvariant(), asked["scrapePool"]);
        var active = targets.Active.Where(watched => state is "" or "any" or "active" && (pool.Length == 0 || pool == watched.Target.Set.Job));
        var showsDropped = state is "" or "any" or "dropped";
        json.WriteStartObject();
        json.WriteString("status", "success");
        json.WriteStartObject("data");
        json.WriteStartArray("activeTargets");
        foreach (var watched in active)
            WriteActive(json, watched);
        json.WriteEndArray();
        json.WriteStartArray("droppedTargets");
        foreach (var dropped in targets.Dropped.Where(dropped => showsDropped && (pool.Length == 0 || pool == dropped.Job)))
        {
            json.WriteStartObject();
            WriteLabels(json, "discoveredLabels", dropped.Discovered);
            json.WriteString("scrapePool", dropped.Job);
            if (dropped.Problem is not null)
                json.WriteString("lastError", dropped.Problem);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("droppedTargetCounts"); // of every job, those of which nothing is dropped too
        var jobs = targets.Active.Select(watched => watched.Target.Set.Job).Union(targets.Dropped.Select(dropped => dropped.Job)).Order(StringComparer.Ordinal);
        foreach (var job in jobs.Where(_ => showsDropped))
            json.WriteNumber(job, targets.Dropped.Count(dropped => dropped.Job == job));
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
        return null;
    }

    private void WriteActive(Utf8JsonWriter json, WatchedTarget watched)
    {
        var (target, status) = (watched.Target, watched.Status);
        json.WriteStartObject();
        WriteLabels(json, "discoveredLabels", target.Discovered);
        WriteLabels(json, "labels", target.Labels);
        json.WriteString("scrapePool", target.Set.Job);
        json.WriteString("scrapeUrl", target.Url.AbsoluteUri);
        json.WriteString("globalUrl", FromOutside(target.Url).AbsoluteUri);
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

    // A target on the hub's own machine, as others reach that machine: the best guess there is.
    private Uri FromOutside(Uri target) => target.IsLoopback && Uri.TryCreate(sources.PublicUrl, UriKind.Absolute, out var ours) ? new UriBuilder(target) { Host = ours.Host }.Uri : target;

    private PromRefusal? Metadata(PromParameters asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        var left = int.MaxValue;
        if (asked.Has("limit", out var limit))
        {
            if (!int.TryParse(limit, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out left))
                return PromRefusal.Bad("limit", $"cannot parse {PromRefusal.Quoted(limit)} to a number of items");
            left = left >= 0 ? left : int.MaxValue; // below none: as many as there are
        }
        IReadOnlyList<Matcher> matchers = [];
        if (asked.Has("match_target", out var selector))
        {
            var parse = PromParser.Parse(selector);
            if (parse.Expression?.Root is not PromNode.Selector { Matchers: var read })
                return PromRefusal.Bad("match_target", parse.Expression is null ? PromParameters.Said(parse.Errors) : $"expected a selector such as {{job=\"node\"}}, found {PromRefusal.Quoted(selector)}");
            matchers = read;
        }
        var metric = asked["metric"];
        PromAnswer.WriteList(json, items =>
        {
            foreach (var (watched, said) in sources.Targets().Active.Where(watched => matchers.All(matcher => matcher.Matches(watched.Target.Labels)))
                .SelectMany(watched => watched.Metadata.Where(said => metric.Length == 0 || said.Metric == metric).Select(said => (watched, said))).Take(left))
            {
                items.WriteStartObject();
                WriteLabels(items, "target", watched.Target.Labels);
                if (metric.Length == 0)
                    items.WriteString("metric", said.Metric);
                items.WriteString("type", said.Type);
                items.WriteString("help", said.Help);
                items.WriteString("unit", said.Unit);
                items.WriteEndObject();
            }
        }, []);
        return null;
    }

    private static void WriteLabels(Utf8JsonWriter json, string name, Labels labels)
    {
        json.WritePropertyName(name);
        PromAnswer.WriteLabels(json, labels);
    }
}
