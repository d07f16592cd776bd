namespace HmsOps.PromQL.Evaluation;

/// <summary>What each part of an expression cost while it was evaluated. The times of a part include those of what is below it.</summary>
internal sealed class QueryTrace(TimeProvider time)
{
    private readonly Dictionary<PromNode, PlanCost> _costs = new(ReferenceEqualityComparer.Instance);

    public long Now => time.GetTimestamp();

    public PlanCost? Of(PromNode node) => _costs.GetValueOrDefault(node);

    /// <summary>A part has come to an end.</summary>
    public void Came(PromNode node, long since, int series, long samples, long points) => _costs[node] = new PlanCost(time.GetElapsedTime(since), series, samples, points, IsReused: false);

    /// <summary>A part was there already: another that reads the same had been worked out.</summary>
    public void Reused(PromNode node, int series) => _costs[node] = new PlanCost(TimeSpan.Zero, series, 0, 0, IsReused: true);
}
