using HmsOps.PromQL;

namespace HmsOps.Present.Api.Queries;

/// <summary>The queries that are under way: who asks what, since when, what it has cost so far. Each can be ended. Safe for concurrent use.</summary>
public sealed class RunningQueries(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, RunningQuery> _byId = [];
    private QueryFigures _figures = new(0, 0, 0, TimeSpan.Zero, TimeSpan.Zero);
    private long _lastId;

    /// <summary>Those under way, the oldest first.</summary>
    public IReadOnlyList<RunningQuery> All
    {
        get
        {
            lock (_lock)
                return [.. _byId.Values];
        }
    }

    /// <summary>How many of them are at a stage.</summary>
    public int Count(QueryStage stage) => All.Count(query => query.Stage == stage);

    /// <summary>What became of those that did not come to their end, since the start.</summary>
    public QueryFigures Figures
    {
        get
        {
            lock (_lock)
                return _figures;
        }
    }

    /// <summary>Enters a query; its disposal takes it out.</summary>
    /// <param name="address">The path it was asked at.</param>
    /// <param name="text">What it asks.</param>
    /// <param name="from">Who asks.</param>
    /// <param name="gone">Comes when they no longer listen.</param>
    public RunningQuery Begin(string address, string text, string from, CancellationToken gone)
    {
        lock (_lock)
        {
            var query = new RunningQuery(this, time, ++_lastId, address, text, from, gone);
            _byId.Add(query.Id, query);
            return query;
        }
    }

    /// <summary>Ends a query for somebody; false when there is none of this number.</summary>
    public bool TryEnd(long id, string by)
    {
        RunningQuery? query;
        lock (_lock)
            query = _byId.GetValueOrDefault(id);
        query?.End(by);
        return query is not null;
    }

    internal void Remove(RunningQuery query)
    {
        lock (_lock)
            _byId.Remove(query.Id);
    }

    internal void CountCancelled(CancelReason why, TimeSpan took)
    {
        lock (_lock)
        {
            _figures = new QueryFigures(
                _figures.AskersGone + (why == CancelReason.AskerGone ? 1 : 0),
                _figures.Late + (why == CancelReason.Late ? 1 : 0),
                _figures.Ended + (why == CancelReason.Ended ? 1 : 0),
                _figures.CancelTime + took,
                took > _figures.CancelTimeMax ? took : _figures.CancelTimeMax);
        }
    }
}

/// <summary>How far a query is.</summary>
public enum QueryStage
{
    /// <summary>For a place among those that run.</summary>
    Waits,

    /// <summary>It is worked out.</summary>
    Runs,

    /// <summary>Its answer is sent.</summary>
    Answers,
}

/// <summary>Why a query was not worked out to its end.</summary>
public enum CancelReason
{
    /// <summary>Who asked hung up.</summary>
    AskerGone,

    /// <summary>It took longer than it may.</summary>
    Late,

    /// <summary>Somebody ended it.</summary>
    Ended,
}

/// <summary>What became of queries that were not worked out to their end.</summary>
/// <param name="AskersGone">Whose asker hung up.</param>
/// <param name="Late">That took longer than they may.</param>
/// <param name="Ended">That somebody ended.</param>
/// <param name="CancelTime">From when they were to stop to when they had, in sum.</param>
/// <param name="CancelTimeMax">The longest of these.</param>
public sealed record QueryFigures(long AskersGone, long Late, long Ended, TimeSpan CancelTime, TimeSpan CancelTimeMax);

/// <summary>One query that is under way, from when it is asked to when its answer is sent.</summary>
public sealed class RunningQuery : IDisposable
{
    private readonly RunningQueries _all;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _goneOrEnded;
    private readonly long _begun;
    private CancellationTokenSource? _late;
    private long _cancelled; // when it was to stop; 0 as long as it was not

    internal RunningQuery(RunningQueries all, TimeProvider time, long id, string address, string text, string from, CancellationToken gone)
    {
        (_all, _time, Id, Address, Text, From) = (all, time, id, address, text, from);
        (Started, _begun) = (time.GetUtcNow(), time.GetTimestamp());
        _goneOrEnded = CancellationTokenSource.CreateLinkedTokenSource(gone, _ended.Token);
    }

    public long Id { get; }

    /// <summary>The path it was asked at.</summary>
    public string Address { get; }

    public string Text { get; }

    /// <summary>Who asks: an address, and what the program there calls itself.</summary>
    public string From { get; }

    public DateTimeOffset Started { get; }

    public TimeSpan Elapsed => _time.GetElapsedTime(_begun);

    public QueryStage Stage { get; private set; } = QueryStage.Waits;

    /// <summary>What it has read and holds. What an answer takes is held until the query is disposed.</summary>
    public PromAccount Account { get; } = new();

    /// <summary>Who ended it; null when nobody did.</summary>
    public string? EndedBy { get; private set; }

    /// <summary>It took longer than it may.</summary>
    public bool IsLate => _late?.IsCancellationRequested == true;

    /// <summary>Comes when its asker is gone, or somebody ends it.</summary>
    public CancellationToken Token => _goneOrEnded.Token;

    public void Dispose()
    {
        _all.Remove(this);
        Account.Dispose();
        _late?.Dispose();
        _goneOrEnded.Dispose();
        _ended.Dispose();
    }

    /// <summary>Works it out, for so long at most. How long it takes to stop where it has to is measured.</summary>
    internal async Task RunAsync(TimeSpan atMost, Func<CancellationToken, Task> work)
    {
        _late = new CancellationTokenSource(atMost, _time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(_late.Token, Token);
        using var noted = any.Token.Register(() => _cancelled = _time.GetTimestamp());
        Stage = QueryStage.Runs;
        try
        {
            await work(any.Token);
        }
        catch (OperationCanceledException) when (_cancelled != 0)
        {
            _all.CountCancelled(EndedBy is not null ? CancelReason.Ended : IsLate ? CancelReason.Late : CancelReason.AskerGone, _time.GetElapsedTime(_cancelled));
            throw;
        }
        finally
        {
            Stage = QueryStage.Answers;
        }
    }

    internal void End(string by)
    {
        EndedBy ??= by;
        try
        {
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It came to its end by itself just now.
        }
    }
}
