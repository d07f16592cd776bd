using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using HmsOps.Series;
using HmsOps.Workspace;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Prometheus;

/// <summary>
/// <c>/api/v1/status/…</c>: <c>buildinfo</c>, <c>runtimeinfo</c>, <c>flags</c>, <c>config</c> and <c>tsdb</c>, by which clients find out what they may ask of a server.
/// The version is that of the language we speak, since that is what they decide by; the program's own is the revision.
/// </summary>
internal sealed class StatusEndpoints(PresentSources sources, PromDoor door)
{
    private const string LanguageVersion = "3.14.0";
    private const int TopMax = 10_000;

    public void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "buildinfo", Build);
        Map(routes, "runtimeinfo", Runtime);
        Map(routes, "flags", json => WriteTexts(json, sources.Flags()));
        Map(routes, "config", json =>
        {
            json.WriteStartObject();
            json.WriteString("yaml", sources.Configuration());
            json.WriteEndObject();
        });
        routes.MapGet("/api/v1/status/tsdb", http => door.AnswerAsync(http, Store));
    }

    private void Map(IEndpointRouteBuilder routes, string name, Action<Utf8JsonWriter> data) =>
        routes.MapGet($"/api/v1/status/{name}", http => door.AnswerAsync(http, (_, json, _) =>
        {
            PromAnswer.WriteData(json, data);
            return null;
        }));

    private void Build(Utf8JsonWriter json)
    {
        var version = sources.Hub().Version;
        WriteTexts(json,
        [
            new("application", "HMS-OPS"),
            new("version", LanguageVersion),
            new("revision", version),
            new("branch", ""),
            new("buildUser", ""),
            new("buildDate", ""),
            new("goVersion", ""), // there is none; clients read the field
            new("runtime", RuntimeInformation.FrameworkDescription),
        ]);
    }

    private void Runtime(Utf8JsonWriter json)
    {
        var hub = sources.Hub();
        json.WriteStartObject();
        json.WriteString("startTime", Written(hub.StartedAt));
        json.WriteString("CWD", Environment.CurrentDirectory);
        json.WriteString("hostname", Environment.MachineName);
        json.WriteString("serverTime", Written(sources.Time.GetUtcNow()));
        json.WriteBoolean("reloadConfigSuccess", sources.Workspace().Diagnostics.All(found => found.Severity != Severity.Error));
        json.WriteString("lastConfigTime", Written(sources.Journal.State.Config.AppliedAt ?? hub.StartedAt));
        json.WriteNumber("corruptionCount", 0);
        json.WriteNumber("goroutineCount", ThreadPool.ThreadCount);
        json.WriteNumber("GOMAXPROCS", Environment.ProcessorCount);
        json.WriteNumber("GOMEMLIMIT", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        json.WriteString("GOGC", "");
        json.WriteString("GODEBUG", "");
        json.WriteString("storageRetention", sources.Flags().FirstOrDefault(flag => flag.Key == "storage.tsdb.retention.time").Value ?? "");
        json.WriteEndObject();
    }

    private PromRefusal? Store(PromParameters asked, Utf8JsonWriter json, CancellationToken cancellationToken)
    {
        var top = 10;
        if (asked.Has("limit", out var text) && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out top) || top is < 1 or > TopMax))
            return PromRefusal.Bad("limit", $"cannot parse {PromRefusal.Quoted(text)} to a number from 1 to {TopMax}");
        var tally = new SeriesTally();
        var now = sources.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var recent = now - (long)sources.PromQL.Limits.LookBack.TotalMilliseconds;
        using (var walk = sources.Series.Select(new Selection([], recent, now) { InAnyOrder = true }, new QueryBudget(long.MaxValue), cancellationToken))
        {
            while (walk.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                tally.Add(walk.Labels);
            }
        }
        PromAnswer.WriteData(json, data => Write(data, tally, sources.Store()?.Size, top));
        return null;
    }

    private static void Write(Utf8JsonWriter json, SeriesTally tally, StoreSize? size, int top)
    {
        json.WriteStartObject();
        json.WriteStartObject("headStats");
        json.WriteNumber("numSeries", tally.Series);
        json.WriteNumber("numLabelPairs", tally.Pairs.Count);
        json.WriteNumber("chunkCount", size?.Blocks ?? 0);
        json.WriteNumber("minTime", size?.SealedUpTo?.ToUnixTimeMilliseconds() ?? 0);
        json.WriteNumber("maxTime", size?.Newest?.ToUnixTimeMilliseconds() ?? 0);
        json.WriteEndObject();
        WriteTop(json, "seriesCountByMetricName", tally.Names, top);
        WriteTop(json, "labelValueCountByLabelName", tally.Values.ToDictionary(label => label.Key, label => (long)label.Value.Count, StringComparer.Ordinal), top);
        WriteTop(json, "memoryInBytesByLabelName", tally.Values.ToDictionary(label => label.Key, label => label.Value.Sum(value => (long)Encoding.UTF8.GetByteCount(value)), StringComparer.Ordinal), top);
        WriteTop(json, "seriesCountByLabelValuePair", tally.Pairs, top);
        json.WriteEndObject();
    }

    private static void WriteTop(Utf8JsonWriter json, string name, IEnumerable<KeyValuePair<string, long>> counts, int top)
    {
        json.WriteStartArray(name);
        foreach (var (what, count) in counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(top))
        {
            json.WriteStartObject();
            json.WriteString("name", what);
            json.WriteNumber("value", count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, IEnumerable<KeyValuePair<string, string>> texts)
    {
        json.WriteStartObject();
        foreach (var (name, text) in texts)
            json.WriteString(name, text);
        json.WriteEndObject();
    }

    private static string Written(DateTimeOffset at) => at.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    /// <summary>How the series that are there now are named.</summary>
    private sealed class SeriesTally
    {
        public long Series { get; private set; }

        public Dictionary<string, long> Names { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, long> Pairs { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, HashSet<string>> Values { get; } = new(StringComparer.Ordinal);

        public void Add(Labels labels)
        {
            Series++;
            foreach (var label in labels)
            {
                var (name, value) = (Encoding.UTF8.GetString(label.Name), Encoding.UTF8.GetString(label.Value));
                if (label.Name.SequenceEqual(Labels.MetricName))
                    Count(Names, value);
                Count(Pairs, $"{name}={value}");
                if (!Values.TryGetValue(name, out var values))
                    Values.Add(name, values = new HashSet<string>(StringComparer.Ordinal));
                values.Add(value);
            }
        }

        private static void Count(Dictionary<string, long> counts, string what) => CollectionsMarshal.GetValueRefOrAddDefault(counts, what, out _)++;
    }
}
