namespace HmsOps.App.Verbs.Query;

/// <summary>
/// The upright axis of a chart: from a round value below everything to one above, with at most five round labels, a step of 1, 2 or 5 times a power of ten
/// apart. Zero is on it, unless all values lie so close together that they would be a flat line then.
/// </summary>
internal sealed class ValueAxis
{
    private const int LabelsMax = 5;

    // Values within the upper quarter of the way from zero are looked at by themselves.
    private const double CloseTogether = 0.75;

    private ValueAxis(double bottom, double top, IReadOnlyList<double> ticks) => (Bottom, Top, Ticks) = (bottom, top, ticks);

    /// <summary>The value at the lower edge.</summary>
    public double Bottom { get; }

    /// <summary>The value at the upper edge.</summary>
    public double Top { get; }

    /// <summary>What is labelled, ascending.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>An axis for finite values from the lowest to the highest.</summary>
    public static ValueAxis Over(double low, double high)
    {
        if (low >= 0 && (low == high || low < CloseTogether * high))
            low = 0;
        if (high <= 0 && (low == high || high > CloseTogether * low))
            high = 0;
        if (low == high)
            high = 1; // both are zero
        return Steps(low, high).Select(step => With(low, high, step)).FirstOrDefault(axis => axis is not null) ?? new ValueAxis(low, high, [low, high]);
    }

    /// <summary>Where a value stands: 0 at the lower edge, 1 at the upper. Halves, because the whole way may be more than a double holds.</summary>
    public double Place(double value) => Math.Clamp((value / 2 - Bottom / 2) / (Top / 2 - Bottom / 2), 0, 1);

    // The way is quartered first for the same reason.
    private static IEnumerable<double> Steps(double low, double high)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(high / 4 - low / 4)));
        foreach (var times in (double[])[1, 2, 5, 10, 20, 50])
            yield return power * times;
    }

    private static ValueAxis? With(double low, double high, double step)
    {
        var (first, last) = (Math.Floor(low / step), Math.Ceiling(high / step));
        if (!(last > first) || last - first > LabelsMax - 1)
            return null;
        var ticks = new List<double>();
        for (var i = 0; i <= (int)(last - first); i++) // counted: a double so large may not move by one
            ticks.Add(Clean((first + i) * step, step));
        return double.IsFinite(ticks[0]) && double.IsFinite(ticks[^1]) ? new ValueAxis(ticks[0], ticks[^1], ticks) : null;
    }

    // Three times 0.1 is 0.3 to people.
    private static double Clean(double value, double step)
    {
        var decimals = -(int)Math.Floor(Math.Log10(step));
        return decimals is >= 0 and <= 15 ? Math.Round(value, decimals) : value;
    }
}
