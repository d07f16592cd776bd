using System.Globalization;
using System.Text;
using HmsOps.Disk;
using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Tsdb.Blocks;

namespace HmsOps.Tsdb.Tests.Blocks;

/// <summary>One series of a test's model. A sample is a histogram where there is one.</summary>
internal sealed record Row(Labels Labels, long[] Times, double[] Values)
{
    public NativeHistogram?[] Histograms { get; init; } = [];

    public long[] Starts { get; init; } = [];

    public SeriesView View => new(Labels, Times, Values, Histograms, Starts);

    /// <summary>A line a sample, to the bit.</summary>
    public IEnumerable<string> Samples => SamplesOf(View);

    public static IEnumerable<string> SamplesOf(SeriesView view)
    {
        var samples = new List<string>();
        for (var i = 0; i < view.Times.Length; i++)
        {
            var histogram = view.Histograms.IsEmpty ? null : view.Histograms[i];
            var value = histogram is null ? Bits(view.Values[i]) : Text(histogram);
            samples.Add($"{view.Times[i]} {value} {(view.Starts.IsEmpty ? 0 : view.Starts[i])}");
        }
        return samples;
    }

    private static string Text(NativeHistogram h) => string.Join(',', new[]
    {
        $"h{h.Schema} {h.IsFloat} {h.Reset}", Bits(h.ZeroThreshold), Bits(h.ZeroCount), Bits(h.Count), Bits(h.Sum),
        string.Join(' ', h.Positive.Select(b => $"{b.Index}:{Bits(b.Count)}")), string.Join(' ', h.Negative.Select(b => $"{b.Index}:{Bits(b.Count)}")),
        string.Join(' ', h.Bounds.Select(Bits)),
    });

    private static string Bits(double value) => BitConverter.DoubleToInt64Bits(value).ToString("x", CultureInfo.InvariantCulture);
}

/// <summary>Sentences in which tests speak of blocks.</summary>
internal static class BlockWorld
{
    public const string Folder = "/metrics/blocks";

    public static readonly Selection All = new([], long.MinValue, long.MaxValue);

    /// <summary>All files but the inventory.</summary>
    public static string[] BlockFiles(SimulatedDisk disk) => [.. disk.Paths.Where(path => path != $"{Folder}/inventory")];

    public static SimulatedDisk NewDisk(int seed = 1, DiskFaults? faults = null)
    {
        var disk = new SimulatedDisk(new Random(seed), faults);
        disk.CreateFolder(Folder);
        return disk;
    }

    public static BlockCache Cache() => new(1 << 24);

    public static List<Row> Sorted(IEnumerable<Row> rows)
    {
        var sorted = rows.ToList();
        sorted.Sort((a, b) => Labels.CompareRows(a.Labels, b.Labels));
        return sorted;
    }

    /// <summary>Writes rows, which it sorts, as a block.</summary>
    public static BlockInfo Write(IDisk disk, IEnumerable<Row> rows, int id = 1, int level = 1, string folder = Folder)
    {
        using var writer = new BlockWriter(disk, folder, new BlockIdentity((UInt128)id, level));
        foreach (var row in Sorted(rows))
            writer.Add(row.Labels, row.View);
        return writer.Finish();
    }

    /// <summary>Everything a walk hands out, as rows of their own.</summary>
    public static Dictionary<string, string[]> Read(SeriesCursor cursor, out IReadOnlyList<string> warnings)
    {
        var read = new Dictionary<string, string[]>();
        var last = Labels.Empty;
        while (cursor.MoveNext())
        {
            var view = cursor.Current;
            Assert.True(read.Count == 0 || Labels.CompareRows(last, view.Labels) < 0, $"{view.Labels} does not come after {last}.");
            Assert.NotEqual(0, view.Times.Length);
            last = view.Labels;
            read.Add(Key(last), [.. Row.SamplesOf(view)]);
        }
        warnings = cursor.Warnings;
        return read;
    }

    public static Dictionary<string, string[]> Read(Block block, Selection selection, out IReadOnlyList<string> warnings)
    {
        using var cursor = block.Select(selection, new QueryBudget(long.MaxValue), CancellationToken.None);
        return Read(cursor, out warnings);
    }

    public static Dictionary<string, string[]> Read(BlockSet set)
    {
        using var pin = set.Pin();
        using var cursor = pin.Select(All, new QueryBudget(long.MaxValue), CancellationToken.None);
        var read = Read(cursor, out var warnings);
        Assert.Empty(warnings);
        return read;
    }

    /// <summary>What a model answers.</summary>
    public static Dictionary<string, string[]> Expected(IEnumerable<Row> rows, Selection selection)
    {
        var expected = new Dictionary<string, string[]>();
        foreach (var row in Sorted(rows).Where(row => selection.Matchers.All(matcher => matcher.Matches(row.Labels))))
        {
            var samples = row.Samples.Where((_, i) => row.Times[i] >= selection.From && row.Times[i] <= selection.To).ToArray();
            if (samples.Length > 0)
                expected.Add(Key(row.Labels), samples);
        }
        return expected;
    }

    public static void Same(Dictionary<string, string[]> expected, Dictionary<string, string[]> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        foreach (var (series, samples) in expected)
            Assert.Equal(samples, actual[series]);
    }

    public static string Key(Labels labels) => Convert.ToHexString(labels.Bytes);

    public static Labels Named(string name, params (string, string)[] labels) => Labels.From([("__name__", name), .. labels]);

    /// <summary>A label set of bytes that are not text.</summary>
    public static Labels OfBytes(params (byte[] Name, byte[] Value)[] labels)
    {
        var builder = new LabelsBuilder();
        foreach (var (name, value) in labels)
            builder.Set(name, value);
        return builder.Build();
    }

    /// <summary>Series as monitored programs have them, and a few as nobody should; a seed, a block.</summary>
    public static List<Row> Random(int seed, int series, int samplesMax, long from = 1_700_000_000_000, bool withHistograms = false)
    {
        var dice = new Random(seed);
        var rows = new Dictionary<Labels, Row>();
        var scrape = Enumerable.Range(0, samplesMax).Select(i => from + (i * 15_000L)).ToArray();
        while (rows.Count < series)
        {
            var labels = RandomLabels(dice);
            var skipped = dice.Next(4) == 0 ? dice.Next(samplesMax) : 0;
            var times = dice.Next(3) == 0 ? [.. scrape.Where(_ => dice.Next(10) > 0)] : scrape[skipped..];
            if (times.Length > 0)
                rows[labels] = RandomRow(dice, labels, times, withHistograms);
        }
        return Sorted(rows.Values);
    }

    private static Labels RandomLabels(Random dice)
    {
        var builder = new LabelsBuilder();
        if (dice.Next(20) > 0)
            builder.Set("__name__", $"metric_{dice.Next(6)}");
        foreach (var name in new[] { "job", "instance", "pod", "le", "tax-bot.ok", "zone" })
        {
            if (dice.Next(3) > 0)
                builder.Set(name, name == "pod" ? $"pod-{dice.Next(1000):x3}-ü" : $"{name}{dice.Next(5)}");
        }
        return builder.Build();
    }

    private static Row RandomRow(Random dice, Labels labels, long[] times, bool withHistograms)
    {
        var kind = dice.Next(5);
        var (value, values) = (dice.Next(1000) * 1.0, new double[times.Length]);
        for (var i = 0; i < values.Length; i++)
        {
            value = kind switch { 0 => value, 1 => value + dice.Next(10), 2 => Math.Round(value + dice.NextDouble(), 2), 3 => dice.NextDouble(), _ => i % 7 == 0 ? double.NaN : i };
            values[i] = value;
        }
        var row = new Row(labels, times, values);
        if (dice.Next(5) == 0)
            row = row with { Starts = [.. times.Select((time, i) => i < times.Length / 2 ? 0 : times[0])] };
        if (withHistograms && dice.Next(4) == 0)
        {
            var mixed = dice.Next(3) == 0;
            var histograms = times.Select((_, i) => mixed && i % 5 < 2 ? null : RandomHistogram(dice, i)).ToArray();
            row = row with { Histograms = histograms, Values = [.. values.Select((v, i) => histograms[i] is null ? v : 0)] };
        }
        return row;
    }

    public static NativeHistogram RandomHistogram(Random dice, int i)
    {
        var kind = i / 20 % 3;
        var buckets = Enumerable.Range(-3, 8).Where(_ => dice.Next(3) > 0).Select(index => new HistogramBucket(index, kind == 1 ? dice.NextDouble() + 0.1 : dice.Next(1, 100))).ToArray();
        return new NativeHistogram
        {
            Schema = kind == 2 ? NativeHistogram.CustomBounds : 3,
            ZeroThreshold = kind == 2 ? 0 : 1e-128,
            ZeroCount = kind == 2 ? 0 : dice.Next(10),
            Count = dice.Next(1000),
            Sum = dice.NextDouble(),
            Positive = kind == 2 ? [new HistogramBucket(0, i + 1), new HistogramBucket(2, 1)] : buckets,
            Negative = kind == 2 || dice.Next(2) == 0 ? [] : buckets,
            Bounds = kind == 2 ? [0.1, 1, 10] : [],
            IsFloat = kind == 1,
            Reset = (CounterResetHint)dice.Next(4),
        };
    }

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
