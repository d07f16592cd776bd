using System.Globalization;
using System.Text;
using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using HmsOps.Tsdb.Outgoing;

namespace HmsOps.Tsdb.Tests;

/// <summary>How a life of the store ends.</summary>
public enum End
{
    Stopped,
    Killed,
    PowerCut,
}

/// <summary>A disk and a clock that outlive the store, and the store's lives on them, one after the other, in virtual time.</summary>
internal sealed class StoreWorld
{
    public static readonly Matcher Everything = new("__name__", MatchOp.Regex, ".*");

    public StoreWorld(int seed = 1, MetricStoreOptions? options = null)
        : this(new SimulatedDisk(new Random(seed)), options ?? Small)
    {
    }

    /// <summary>On a disk that has something already.</summary>
    public StoreWorld(SimulatedDisk disk, MetricStoreOptions options) => (Disk, Options) = (disk, options);

    /// <summary>Small segments, so that every test has several.</summary>
    public static MetricStoreOptions Small { get; } = new() { Folder = "metrics", SegmentBytes = 16 * 1024, BatchBytesMax = 8 * 1024 };

    public SimulatedDisk Disk { get; }

    public MetricStoreOptions Options { get; set; }

    /// <summary>What the store takes goes to a queue too; null: it does not.</summary>
    public OutgoingOptions? QueueOptions { get; set; }

    /// <summary>The queue of this life.</summary>
    public OutgoingSamples Queue { get; private set; } = null!; // there is one while QueueOptions is set and a life goes on

    // Half a second past, so that a test that moves by whole seconds never stands where a second is just being closed.
    public DateTimeOffset Now { get; set; } = new(2026, 11, 20, 16, 0, 0, 500, TimeSpan.Zero);

    public long NowMs => Now.ToUnixTimeMilliseconds();

    /// <summary>Opens the store, lets it run while the body does, and ends it.</summary>
    public void Live(End end, Func<MetricStore, VirtualTime, Task> body)
    {
        var time = new VirtualTime(Now);
        MetricStore? store = null;
        using var stopping = new CancellationTokenSource();
        try
        {
            if (QueueOptions is not null)
                Queue = OutgoingSamples.Open(Disk, QueueOptions, time);
            store = MetricStore.Open(Disk, Options, time, QueueOptions is null ? null : Queue);
            time.Run(async () =>
            {
                var running = store.RunAsync(stopping.Token);
                await body(store, time);
                if (end != End.Stopped)
                    return; // the clock of this life stands still from here: its loops never wake again
                stopping.Cancel();
                await running;
            });
        }
        finally
        {
            Now = time.GetUtcNow();
            EndLife(store, end);
        }
    }

    /// <summary>As <see cref="Live"/>, to look at what a life finds.</summary>
    public T Look<T>(Func<MetricStore, T> look)
    {
        using var store = MetricStore.Open(Disk, Options, new VirtualTime(Now));
        return look(store);
    }

    private void EndLife(MetricStore? store, End end)
    {
        if (end == End.Stopped)
        {
            store?.Dispose();
            Queue?.Dispose();
        }
        else if (end == End.Killed)
        {
            Disk.Restart();
        }
        else
        {
            Disk.Crash();
        }
    }
}

internal static class StoreSentences
{
    public static Task Seconds(this VirtualTime time, double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), time, CancellationToken.None);

    public static long Ms(this TimeProvider time) => time.GetUtcNow().ToUnixTimeMilliseconds();

    public static async Task<AppendResult> Append(this MetricStore store, params (string Series, long Time, double Value)[] samples)
    {
        var batch = new SampleBatch();
        foreach (var (series, at, value) in samples)
            batch.Add(Named(series), at, value);
        return await store.AppendAsync(batch, CancellationToken.None);
    }

    public static async Task<AppendResult> Observe(this MetricStore store, params (string Series, double Value, string Id)[] observations)
    {
        var batch = new ObservationBatch();
        foreach (var (series, value, id) in observations)
            batch.Add(new Observation(Named(series), value, id));
        return await store.ObserveAsync(batch, CancellationToken.None);
    }

    /// <summary><c>up</c>, or <c>up/a</c> for <c>up{job="a"}</c>.</summary>
    public static Labels Named(string series)
    {
        var parts = series.Split('/');
        return parts.Length == 1 ? Labels.From(("__name__", series)) : Labels.From(("__name__", parts[0]), ("job", parts[1]));
    }

    /// <summary>Everything a reader can see, as text, bit for bit.</summary>
    public static string Dump(this MetricStore store, params Matcher[] matchers)
    {
        var text = new StringBuilder();
        using var cursor = store.Select(new Selection(matchers, long.MinValue, long.MaxValue), new QueryBudget(long.MaxValue), CancellationToken.None);
        while (cursor.MoveNext())
        {
            var view = cursor.Current;
            for (var i = 0; i < view.Times.Length; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{view.Labels} {view.Times[i]} ");
                text.AppendLine(view.Histograms.IsEmpty || view.Histograms[i] is not { } histogram ? Bits(view.Values[i]) : Shown(histogram));
            }
        }
        return text.ToString();
    }

    /// <summary>Times, relative to a moment in seconds, and counts of an observed series: <c>0:0 1:3</c>.</summary>
    public static string Counts(this MetricStore store, string series, DateTimeOffset since)
    {
        var matcher = new Matcher("__name__", MatchOp.Equal, series);
        using var cursor = store.Select(new Selection([matcher], long.MinValue, long.MaxValue), new QueryBudget(long.MaxValue), CancellationToken.None);
        if (!cursor.MoveNext())
            return "";
        var view = cursor.Current;
        var counts = new List<string>();
        for (var i = 0; i < view.Times.Length; i++)
            counts.Add($"{(view.Times[i] - since.ToUnixTimeMilliseconds()) / 1000.0}:{view.Histograms[i]!.Count}");
        return string.Join(' ', counts);
    }

    /// <summary>The newest histogram of a series; null when it has none.</summary>
    public static NativeHistogram? Newest(this MetricStore store, string series)
    {
        using var cursor = store.Select(
            new Selection([new Matcher("__name__", MatchOp.Equal, series)], long.MinValue, long.MaxValue), new QueryBudget(long.MaxValue), CancellationToken.None);
        return cursor.MoveNext() ? cursor.Current.Histograms[^1] : null;
    }

    public static string Reasons(this AppendResult result) =>
        $"{result.Taken} taken" + string.Concat(result.Refused.Select(refused => $", {refused.Index} {refused.Reason}"));

    public static string Shown(NativeHistogram histogram) =>
        $"s{histogram.Schema} n{Bits(histogram.Count)} sum{Bits(histogram.Sum)} z{Bits(histogram.ZeroCount)}"
        + $" +[{string.Join(' ', histogram.Positive)}] -[{string.Join(' ', histogram.Negative)}]";

    private static string Bits(double value) => BitConverter.DoubleToInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture);
}
