using System.Diagnostics;
using System.Text.Json;

namespace HmsOps.Labs.Tests.Runaways;

/// <summary>A question that would take all there is, if it were let.</summary>
/// <param name="Name">What is wild about it.</param>
/// <param name="Path">Where it is asked.</param>
/// <param name="Form">What is asked.</param>
internal sealed record Runaway(string Name, string Path, Dictionary<string, string> Form)
{
    /// <summary>Asks; whatever comes is an outcome.</summary>
    /// <param name="http">Whom.</param>
    /// <param name="timeout">For how long the answer may be worked out; null: as long as the hub allows.</param>
    public async Task<RunawayOutcome> AskAsync(HttpClient http, TimeSpan? timeout = null)
    {
        var began = Stopwatch.GetTimestamp();
        using var content = new FormUrlEncodedContent(timeout is { } most ? [.. Form, new("timeout", $"{most.TotalMilliseconds:0}ms")] : Form);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Path, UriKind.Relative)) { Content = content };
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var head = Stopwatch.GetElapsedTime(began);
        if (answer.IsSuccessStatusCode)
        {
            var bytes = 0L;
            var some = new byte[1 << 16];
            await using var body = await answer.Content.ReadAsStreamAsync();
            for (int read; (read = await body.ReadAsync(some)) > 0;)
                bytes += read;
            return new RunawayOutcome(Name, (int)answer.StatusCode, $"{bytes >> 10} KiB", head);
        }
        var text = await answer.Content.ReadAsStringAsync();
        return new RunawayOutcome(Name, (int)answer.StatusCode, text.StartsWith('{') ? JsonDocument.Parse(text).RootElement.GetProperty("error").GetString()! : text.Trim(), head);
    }
}

/// <summary>What became of a question.</summary>
/// <param name="Name">Which.</param>
/// <param name="Status">HTTP's.</param>
/// <param name="Said">The refusal, or how long the answer was.</param>
/// <param name="Took">Until it was refused, or its answer began.</param>
internal sealed record RunawayOutcome(string Name, int Status, string Said, TimeSpan Took)
{
    /// <summary>Its time was over before there was an answer.</summary>
    public bool IsLate => Status == 503 && Said.Contains("limits.query.time", StringComparison.Ordinal);

    /// <summary>The refusal says which series to narrow.</summary>
    public bool NamesSelector => Said.Contains(" finds more than ", StringComparison.Ordinal) || Said.Contains(" has found ", StringComparison.Ordinal) || Said.Contains(" are still looked for", StringComparison.Ordinal)
        || Said.Contains("Narrow {", StringComparison.Ordinal);
}

/// <summary>The questions of the lab.</summary>
internal static class RunawayList
{
    private const string All = "{__name__=~\".+\"}";
    private const long MonthSeconds = 30 * 86_400;
    private const int PointsMax = 11_000;

    private static readonly string[] WildPatterns = ["(a+)+$", "(.*a){30}", "((a*)*)*b", "(a|aa)+c", "([a-z]+)*[A-Z]", "(a{1,30}){1,30}b", "(.*)(.*)(.*)(.*)(.*)x", "(?:a?){500}a{500}"];

    public static List<Runaway> Of(DateTimeOffset now)
    {
        var to = now.ToUnixTimeSeconds();
        Runaway Range(string name, string query, long span = MonthSeconds) => new(name, "/api/v1/query_range", new Dictionary<string, string>
        {
            ["query"] = query,
            ["start"] = $"{to - span}",
            ["end"] = $"{to}",
            ["step"] = $"{(span / (PointsMax - 1)) + 1}",
            ["nocache"] = "1",
        });
        Runaway Instant(string name, string query) => new(name, "/api/v1/query", new Dictionary<string, string> { ["query"] = query });
        List<Runaway> all =
        [
            Range("everything over a month, 11,000 points", All),
            Instant("everything over a month, raw", $"{All}[30d]"),
            Range("rates of everything over a month", $"rate({All}[1d])"),
            Range("sums of days over a month", $"sum_over_time(history[7d])"),
            Range("a group a series over a month", $"sum by (__name__, id, case) ({All})"),
            Range("quantile of everything", $"quantile(0.5, {All})"),
            Instant("join of all pairs", "join_left * on (id) join_right"),
            Instant("join of all pairs, counted", "count(join_left * on (id) group_left join_right)"),
            Instant("sums of all pairs joined", "sum by (id) (join_left) / sum by (id) (join_right)"),
            Range("join of many to one over a month", "history * on () group_left history{id=\"0\"}"),
            Instant("subqueries in subqueries, as they are not written", "max_over_time((sum_over_time(history[1h:1s])[1d:1s])[30d:1m])"),
            Instant("subqueries in subqueries", "max_over_time(max_over_time(sum_over_time(history[1h:1s])[1d:1s])[30d:1m])"),
            Instant("a subquery of a second over a month", "quantile_over_time(0.5, sum_over_time(steady[1h:1s])[30d:1s])"),
            Range("subqueries of everything at each step", $"stddev_over_time({All}[30d:10s])"),
            Range("count_values of everything over a month", $"count_values(\"v\", {All})"),
            Instant("count_values of everything", $"count_values(\"v\", {All})"),
            Range("topk of everything over a month", $"topk(1000, {All})"),
            Instant("everything sorted", $"sort(count by (__name__, id) ({All}))"),
            Instant("labels that double 40 times", Doubled(40)),
            Instant("labels that grow by a template", $"label_replace(hostile, \"text\", \"{string.Concat(Enumerable.Repeat("$1", 5_000))}\", \"text\", \"(.*)\")"),
            Range("a scalar of everything", $"scalar({All}) + scalar(last_over_time({All}[1m:1s] @ end()))"),
            new("series of everything", "/api/v1/series", new() { ["match[]"] = All }),
            new("labels of everything", "/api/v1/labels", new() { ["match[]"] = All }),
            new("values of a label of everything", "/api/v1/label/id/values", new() { ["match[]"] = All }),
            new("the newest of everything", "/federate", new() { ["match[]"] = All }),
        ];
        foreach (var pattern in WildPatterns)
        {
            all.Add(Instant($"matcher {pattern}", $"count(hostile{{text=~\"{pattern}\"}}) + count(join_left{{id!~\"{pattern}\"}})"));
            all.Add(Instant($"label_replace {pattern}", $"count(label_replace(hostile, \"to\", \"$1\", \"text\", \"{pattern}\"))"));
        }
        return all;
    }

    private static string Doubled(int times)
    {
        var query = "hostile";
        for (var i = 0; i < times; i++)
            query = $"label_join({query}, \"text\", \"\", \"text\", \"text\")";
        return query;
    }
}
