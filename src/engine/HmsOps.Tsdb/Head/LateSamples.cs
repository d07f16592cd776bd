using HmsOps.Series;

namespace HmsOps.Tsdb.Head;

/// <summary>One sample that came after a newer one of its series.</summary>
/// <param name="Time">Milliseconds since 1970.</param>
/// <param name="Value">A float; 0 for a histogram.</param>
/// <param name="Histogram">A histogram; null for a float.</param>
/// <param name="Start">When what it counts began to be counted; 0 if unknown.</param>
/// <param name="Batch">The batch it came in: a reader leaves out what came after the instant it reads.</param>
internal readonly record struct LateSample(long Time, double Value, NativeHistogram? Histogram, long Start, long Batch)
{
    public int Weight => Histogram is null ? 1 : HistogramTail.WeightOf(Histogram);
}

/// <summary>
/// The late samples of one series, sorted by time, in runs short enough that one more is put between others cheaply. Owned by the head's writer, under
/// the head's lock.
/// </summary>
internal sealed class LateSamples
{
    private const int RunMax = 512;

    private readonly List<List<LateSample>> _runs = [];

    public int Count { get; private set; }

    public long Oldest => _runs[0][0].Time;

    public long Newest => _runs[^1][^1].Time;

    /// <summary>Adds a sample at a time at which there is none.</summary>
    public void Add(LateSample sample)
    {
        Count++;
        if (_runs.Count == 0)
        {
            _runs.Add([sample]);
            return;
        }
        var at = Math.Max(0, RunAfter(sample.Time) - 1);
        var run = _runs[at];
        run.Insert(Place(run, sample.Time), sample);
        if (run.Count <= RunMax)
            return;
        // Samples that come in order leave full runs behind them, others halves.
        var keep = at == _runs.Count - 1 && run[^1] == sample ? RunMax : RunMax / 2;
        _runs.Insert(at + 1, run.GetRange(keep, run.Count - keep));
        run.RemoveRange(keep, run.Count - keep);
    }

    public bool TryFind(long time, out LateSample sample)
    {
        sample = default;
        var at = RunAfter(time) - 1;
        if (at < 0)
            return false;
        var place = Place(_runs[at], time);
        if (place == _runs[at].Count || _runs[at][place].Time != time)
            return false;
        sample = _runs[at][place];
        return true;
    }

    /// <summary>Copies what lies in a range and came not after a batch.</summary>
    public void CopyTo(List<LateSample> into, long from, long to, long lastBatch)
    {
        for (var at = Math.Max(0, RunAfter(from) - 1); at < _runs.Count && _runs[at][0].Time <= to; at++)
        {
            foreach (var sample in _runs[at])
            {
                if (sample.Time >= from && sample.Time <= to && sample.Batch <= lastBatch)
                    into.Add(sample);
            }
        }
    }

    /// <summary>The same samples, in runs of its own.</summary>
    public LateSamples Copy()
    {
        var copy = new LateSamples { Count = Count };
        copy._runs.AddRange(_runs.Select(run => run.ToList()));
        return copy;
    }

    /// <summary>All, oldest first.</summary>
    public IEnumerable<LateSample> All() => _runs.SelectMany(run => run);

    /// <summary>Drops what is older than a time; answers how many that were, and what they weighed.</summary>
    public (int Samples, long Weight) DropBefore(long time)
    {
        var samples = 0;
        var weight = 0L;
        while (_runs.Count > 0 && _runs[0][0].Time < time)
        {
            var run = _runs[0];
            var old = Place(run, time);
            for (var i = 0; i < old; i++)
                weight += run[i].Weight;
            samples += old;
            run.RemoveRange(0, old);
            if (run.Count > 0)
                break;
            _runs.RemoveAt(0);
        }
        Count -= samples;
        return (samples, weight);
    }

    /// <summary>Drops the samples of a stretch that came up to a batch; answers how many that were, and what they weighed.</summary>
    public (int Samples, long Weight) Drop(long from, long to, long lastBatch)
    {
        var samples = 0;
        var weight = 0L;
        foreach (var run in _runs)
        {
            if (run[0].Time > to || run[^1].Time < from)
                continue;
            samples += run.RemoveAll(sample =>
            {
                var goes = sample.Time >= from && sample.Time <= to && sample.Batch <= lastBatch;
                weight += goes ? sample.Weight : 0;
                return goes;
            });
        }
        _runs.RemoveAll(run => run.Count == 0);
        Count -= samples;
        return (samples, weight);
    }

    // The first run that begins after a time.
    private int RunAfter(long time)
    {
        var (low, high) = (0, _runs.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_runs[middle][0].Time <= time)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    // The first sample of a run that is not before a time.
    private static int Place(List<LateSample> run, long time)
    {
        var (low, high) = (0, run.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (run[middle].Time < time)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
