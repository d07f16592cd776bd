using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HmsOps.SideBySide.Data;
using HmsOps.SideBySide.Peers;

namespace HmsOps.SideBySide.Parts;

/// <summary>Prometheus' query API, which all three speak.</summary>
internal sealed class Asking(Server server)
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(60);

    private const int WarmUps = 3;
    private const int TimesMax = 100;
    private const double EnoughCpuSeconds = 0.5;

    /// <summary>Asks everything in turn for a while, and minds no refusal: what is measured after it is a server that has run, with its caches filled and its code compiled.</summary>
    public async Task WarmUpAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        for (var i = 0; Stopwatch.GetElapsedTime(begun) < WarmUp; i++)
        {
            using var answer = await server.Http.GetAsync(paths[i % paths.Count], cancellationToken);
            await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        }
    }

    /// <summary>The server's CPU seconds for one answer: the mean over as many as half a second of CPU allows, after three to warm up.</summary>
    public async Task<double> CpuSecondsAsync(string path, CancellationToken cancellationToken)
    {
        for (var i = 0; i < WarmUps; i++)
            await GetAsync(path, cancellationToken);
        var before = ProcessCost.CpuSeconds(server.Pid);
        var times = 0;
        double used;
        do
        {
            await GetAsync(path, cancellationToken);
            times++;
            used = ProcessCost.CpuSeconds(server.Pid) - before;
        }
        while (times < TimesMax && used < EnoughCpuSeconds);
        return used / times;
    }

    /// <summary>The server's CPU seconds for one of many different questions, each asked once.</summary>
    public async Task<double> CpuSecondsOfEachAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var before = ProcessCost.CpuSeconds(server.Pid);
        foreach (var path in paths)
            await GetAsync(path, cancellationToken);
        return (ProcessCost.CpuSeconds(server.Pid) - before) / paths.Count;
    }

    public async Task<byte[]> GetAsync(string path, CancellationToken cancellationToken)
    {
        _ = server.Pid; // if it is gone, that is what is to be said, once, and not that nobody answers
        using var answer = await server.Http.GetAsync(path, cancellationToken);
        await NotMeasuredException.UnlessSuccessAsync(answer, cancellationToken);
        return await answer.Content.ReadAsByteArrayAsync(cancellationToken);
    }

    public static string PathOf(Question question, long end) => question.IsRead
        ? question.Text
        : question.RangeSeconds == 0
        ? Instant(question.Text, end)
        : Range(question.Text, end - (question.RangeSeconds * 1000L), end, question.StepSeconds);

    public static string Instant(string query, long time) =>
        string.Create(CultureInfo.InvariantCulture, $"/api/v1/query?query={Uri.EscapeDataString(query)}&time={time / 1000.0:0.000}&nocache=1");

    public static string Range(string query, long start, long end, int stepSeconds) => string.Create(
        CultureInfo.InvariantCulture, $"/api/v1/query_range?query={Uri.EscapeDataString(query)}&start={start / 1000.0:0.000}&end={end / 1000.0:0.000}&step={stepSeconds}&nocache=1");

    /// <summary>The one number of an instant question; 0 when nothing answers.</summary>
    public async Task<double> NumberAsync(string query, long time, CancellationToken cancellationToken)
    {
        using var json = JsonDocument.Parse(await GetAsync(Instant(query, time), cancellationToken));
        var result = json.RootElement.GetProperty("data").GetProperty("result");
        return result.GetArrayLength() == 0 ? 0 : ValueOf(result[0].GetProperty("value"));
    }

    /// <summary>The points of the one series a range question is about, by time.</summary>
    public async Task<Dictionary<long, double>> PointsAsync(string query, Timeline timeline, CancellationToken cancellationToken)
    {
        using var json = JsonDocument.Parse(await GetAsync(Range(query, timeline.First, timeline.Last, Scale.IntervalMs / 1000), cancellationToken));
        var points = new Dictionary<long, double>();
        foreach (var series in json.RootElement.GetProperty("data").GetProperty("result").EnumerateArray())
        {
            foreach (var point in series.GetProperty("values").EnumerateArray())
                points[(long)Math.Round(point[0].GetDouble() * 1000)] = ValueOf(point);
        }
        return points;
    }

    private static double ValueOf(JsonElement point) => double.Parse(point[1].GetString() ?? "", CultureInfo.InvariantCulture);
}
