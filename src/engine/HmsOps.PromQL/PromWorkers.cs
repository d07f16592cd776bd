namespace HmsOps.PromQL;

/// <summary>Who works on one query at a time. One does as long as nobody says otherwise.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="RunAll">Runs things side by side, and comes back when all have ended; what one of them throws it throws.</param>
public sealed record PromWorkers(int Count, Action<IReadOnlyList<Action>> RunAll)
{
    /// <summary>The caller alone.</summary>
    public static PromWorkers One { get; } = new(1, static all =>
    {
        foreach (var one in all)
            one();
    });

    internal void Run(int parts, Action<int> part)
    {
        if (parts == 1)
            part(0);
        else
            RunAll([.. Enumerable.Range(0, parts).Select(index => (Action)(() => part(index)))]);
    }
}
