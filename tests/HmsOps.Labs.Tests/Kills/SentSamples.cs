using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Kills;

/// <summary>
/// What the senders of the kill rounds sent, and what of it was acknowledged: a batch for a time, its values a function of series and time, so that a million samples take
/// a batch's few bytes here. Safe for concurrent use.
/// </summary>
internal sealed class SentSamples
{
    public const int Senders = 2;
    public const int SeriesOfSender = 20;
    public const long StepMs = 15_000; // between two batches, by the samples' time
    public const long WindowMs = 6 * 3_600_000L; // what is looked at in one query

    // The last series of each sender has a name of its own in every round, as a pod has after every roll-out.
    private const int LivesOneRound = SeriesOfSender - 1;

    private readonly ConcurrentDictionary<long, ConcurrentDictionary<long, SentBatch>> _windows = [];

    /// <summary>The windows with something in them, oldest first.</summary>
    public long[] Windows => [.. _windows.Keys.Order()];

    public long Acknowledged => Batches.Count(batch => batch.IsAcknowledged) * (long)SeriesOfSender;

    public long Unknown => Batches.Count(batch => !batch.IsAcknowledged) * (long)SeriesOfSender;

    private IEnumerable<SentBatch> Batches => _windows.Values.SelectMany(window => window.Values);

    public static long WindowOf(long time) => time - (time % WindowMs);

    public SentBatch Add(long time, int sender, int round)
    {
        var batch = new SentBatch(time, sender, round);
        Assert.True(_windows.GetOrAdd(WindowOf(time), _ => []).TryAdd(time, batch), $"two batches for {time}");
        return batch;
    }

    /// <summary>The batch as lines of Influx's protocol.</summary>
    public static string LinesOf(SentBatch batch)
    {
        var text = new StringBuilder();
        for (var series = 0; series < SeriesOfSender; series++)
            text.Append(CultureInfo.InvariantCulture, $"load,sender={batch.Sender},series={series}{(series == LivesOneRound ? $",round={batch.Round}" : "")} v={ValueOf(series, batch.Time):R} {batch.Time}\n");
        return text.ToString();
    }

    /// <summary>Holds what the store answers for a window against what was sent; answers what is wrong, null when nothing is.</summary>
    public string? Compare(long window, IEnumerable<StoredSeries> found)
    {
        var sent = _windows.TryGetValue(window, out var batches) ? batches : [];
        var there = new Dictionary<long, int>();
        foreach (var series in found)
        {
            var (before, number) = (long.MinValue, NumberOf(series, "series"));
            foreach (var (time, value) in series.Samples)
            {
                if (!sent.TryGetValue(time, out var batch) || batch.Sender != NumberOf(series, "sender") || (number == LivesOneRound ? batch.Round : null) != NumberOf(series, "round"))
                    return $"{series} has a sample at {time} that nobody sent";
                if (number is not { } known || !BitConverter.DoubleToInt64Bits(value).Equals(BitConverter.DoubleToInt64Bits(ValueOf(known, time))))
                    return $"{series} is {value:R} at {time}, which was not sent";
                if (time <= before)
                    return $"{series} has {time} after {before}";
                before = time;
                there[time] = there.GetValueOrDefault(time) + 1;
            }
        }
        foreach (var batch in sent.Values)
        {
            var count = there.GetValueOrDefault(batch.Time);
            if (count != SeriesOfSender && (count != 0 || batch.IsAcknowledged))
                return $"{count} of the {SeriesOfSender} samples of {batch} are there";
        }
        return null;
    }

    private static int? NumberOf(StoredSeries series, string label) =>
        series.Labels.TryGetValue(label, out var value) ? int.Parse(value, CultureInfo.InvariantCulture) : null;

    // A counter, a value that stays, a measured one, and one of which no two digits repeat.
    private static double ValueOf(int series, long time) => (series % 4) switch
    {
        0 => time / StepMs * (series + 1),
        1 => series,
        2 => Math.Round(Math.Sin((time / 60_000.0) + series) * 100, 2),
        _ => (ulong)((time + series) * 0x5851F42D4C957F2DL) / 7.0,
    };
}

/// <summary>One request: a sample each of a sender's series, at one time.</summary>
internal sealed record SentBatch(long Time, int Sender, int Round)
{
    /// <summary>The hub said that it has it.</summary>
    public bool IsAcknowledged { get; set; }
}
