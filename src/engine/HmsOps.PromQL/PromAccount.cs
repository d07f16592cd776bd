using HmsOps.Series;

namespace HmsOps.PromQL;

/// <summary>
/// What one asker has read and holds: seen while a query runs, and, since an answer lies in memory until it is sent, paid for until the account is closed. Who asks
/// without one has paid when there is an answer. Good for one question. Safe for concurrent use.
/// </summary>
public sealed class PromAccount : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<QueryBudget> _read = []; // one, or two where the middle of an answer was kept
    private long _bytes;
    private Func<string?>? _costliest;
    private Action? _giveBack;

    /// <summary>Samples read so far.</summary>
    public long Samples
    {
        get
        {
            lock (_lock)
                return _read.Sum(budget => budget.Samples);
        }
    }

    /// <summary>Bytes held now.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Which selector has found the most series, and how many: what to narrow. The one that is looked for where none has found any; null where there is none.</summary>
    public string? Costliest
    {
        get
        {
            lock (_lock)
                return _costliest?.Invoke();
        }
    }

    /// <summary>The answer is gone: what it held is given back.</summary>
    public void Dispose()
    {
        Action? giveBack;
        lock (_lock)
            (giveBack, _giveBack) = (_giveBack, null);
        giveBack?.Invoke();
    }

    internal void Reads(QueryBudget budget, Func<string?> costliest)
    {
        lock (_lock)
        {
            _read.Add(budget);
            _costliest = costliest;
        }
    }

    internal void Hold(long bytes) => Interlocked.Add(ref _bytes, bytes);

    internal void GiveBackAtLast(Action giveBack)
    {
        lock (_lock)
            _giveBack += giveBack;
    }
}
