using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>What a selector, or a function over a window, makes of one series at the steps of a query. One thread.</summary>
internal abstract class SeriesKernel
{
    /// <summary>The metric of what is made is no longer what its name says. Of the series that was filled in last.</summary>
    public abstract bool DropsName { get; }

    /// <summary>Fills in the cells of one series, which are empty.</summary>
    public abstract void Fill(SeriesView samples, Cells into);
}
