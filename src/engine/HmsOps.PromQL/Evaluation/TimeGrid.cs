namespace HmsOps.PromQL.Evaluation;

/// <summary>The times that were asked for. The end need not be a step.</summary>
/// <param name="From">The first, milliseconds since 1970.</param>
/// <param name="To">The last that may be a step.</param>
/// <param name="StepMs">From one to the next; 0 where one time was asked for.</param>
internal readonly record struct QueryTimes(long From, long To, long StepMs)
{
    /// <summary>Seconds from one step to the next.</summary>
    public double Step => StepMs / 1000.0;

    /// <summary>Seconds from the beginning to the end.</summary>
    public double Range => (To - From) / 1000.0;
}

/// <summary>The times an expression is evaluated at.</summary>
internal readonly record struct TimeGrid(long From, long StepMs, int Steps)
{
    public static TimeGrid At(long time) => new(time, 1, 1);

    public long Last => this[Steps - 1];

    public long this[int step] => From + step * StepMs;

    /// <summary>As many steps, all at the time that <c>@</c> names, where it names one.</summary>
    public TimeGrid Seen(PromMoment? moment) => moment is null ? this : new TimeGrid(moment.Ms, 0, Steps);
}
