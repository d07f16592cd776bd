namespace HmsOps.PromQL.Evaluation;

/// <summary>The times an expression is evaluated at.</summary>
internal readonly record struct TimeGrid(long From, long StepMs, int Steps)
{
    public static TimeGrid At(long time) => new(time, 1, 1);

    public long Last => this[Steps - 1];

    public long this[int step] => From + step * StepMs;

    /// <summary>As many steps, all at the time that <c>@</c> names, where it names one.</summary>
    public TimeGrid Seen(PromMoment? moment) => moment is null ? this : new TimeGrid(moment.Ms, 0, Steps);
}
