using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>The samples of one series inside one window; never empty.</summary>
/// <param name="series">The whole series.</param>
/// <param name="first">The first sample inside.</param>
/// <param name="end">One past the last sample inside.</param>
/// <param name="from">The window's old end, which is outside.</param>
/// <param name="to">The window's new end, which is inside.</param>
internal readonly ref struct SampleWindow(SeriesView series, int first, int end, long from, long to)
{
    /// <summary>The series it is a part of.</summary>
    public SeriesView Series { get; } = series;

    /// <summary>The metric's name.</summary>
    public string Name => Series.Labels.Name;

    public ReadOnlySpan<long> Times { get; } = series.Times[first..end];

    public ReadOnlySpan<double> Values { get; } = series.Values[first..end];

    /// <summary>Empty where the whole series is numbers.</summary>
    public ReadOnlySpan<NativeHistogram?> Histograms { get; } = series.Histograms.IsEmpty ? default : series.Histograms[first..end];

    /// <summary>When what each sample counts began to be counted, 0 where nobody knows; empty where nobody knows of any.</summary>
    public ReadOnlySpan<long> Starts { get; } = series.Starts.IsEmpty ? default : series.Starts[first..end];

    public int First { get; } = first;

    public int End { get; } = end;

    public long From { get; } = from;

    public long To { get; } = to;

    public int Count => Times.Length;

    public SampleKinds Kinds
    {
        get
        {
            var numbers = 0;
            foreach (var histogram in Histograms)
                numbers += histogram is null ? 1 : 0;
            if (Histograms.IsEmpty || numbers == Histograms.Length)
                return SampleKinds.Numbers;
            return numbers == 0 ? SampleKinds.Histograms : SampleKinds.Both;
        }
    }
}

/// <summary>What a window holds.</summary>
internal enum SampleKinds
{
    Numbers,
    Histograms,
    Both,
}
