using HmsOps.Observe.Scrape.Fetching;
using HmsOps.Series;
using Microsoft.Extensions.Logging;

namespace HmsOps.Observe.Scrape;

/// <summary>
/// One target, asked on its interval until it is gone. An answer is stored whole or not at all; beside it <c>up</c> and what the scrape cost. A series that is not in an
/// answer ends there, all end when an answer fails, and when the target is gone they end at the time at which it would have been asked next.
/// </summary>
internal sealed partial class TargetScrape
{
    private const string Door = "scrape";
    private static readonly string[] Reports = ["up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added"];

    // A scrape that began this little late is stored under the time it was due: even distances pack better and nobody can tell.
    private static readonly TimeSpan LateMax = TimeSpan.FromMilliseconds(2);

    private readonly ITargetFetch _fetch;
    private readonly ISeriesSink _sink;
    private readonly Refusals _refusals;
    private readonly BatchPool _batches;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SeriesMemory _memory = new();
    private readonly FamilyMemory _families = new();
    private readonly ScrapeRound _round;
    private readonly Labels[] _reports;
    private ScrapeTarget _target;
    private ScrapeTarget _read; // the target whose settings the memory was filled under
    private ScrapeStatus _status = ScrapeStatus.Never;
    private bool _isGone;

    public TargetScrape(ScrapeTarget target, ITargetFetch fetch, ISeriesSink sink, Refusals refusals, ScrapeLimits limits, BatchPool batches, TimeProvider time, ILogger log)
    {
        (_target, _read, _fetch, _sink, _refusals, _batches, _time, _log) = (target, target, fetch, sink, refusals, batches, time, log);
        _round = new ScrapeRound(_memory, _families, limits);
        _reports = [.. Reports.Select(name => LabelsBuilder.From(target.Labels).Set("__name__", name).Build())];
    }

    public ScrapeTarget Target => Volatile.Read(ref _target);

    public WatchedTarget Watched => new(Target, Volatile.Read(ref _status), _families.Said);

    /// <summary>True when it has written its last word and will not come back.</summary>
    public bool IsOver { get; private set; }

    /// <summary>True while it waits for its series to end.</summary>
    public bool IsLeaving => Volatile.Read(ref _isGone);

    /// <summary>Goes on under other settings; the target is the same.</summary>
    public void Adopt(ScrapeTarget target)
    {
        Volatile.Write(ref _target, target);
        Volatile.Write(ref _isGone, false);
    }

    /// <summary>The target is no longer to be asked. It may be adopted again until its series have ended.</summary>
    public void Leave() => Volatile.Write(ref _isGone, true);

    /// <summary>Asks until told to stop, or until the target is gone and its series have ended.</summary>
    public async Task RunAsync(bool atOnce, CancellationToken stopping)
    {
        var due = atOnce ? _time.GetUtcNow() : NextAfter(_time.GetUtcNow());
        try
        {
            while (true)
            {
                await UntilAsync(due, stopping);
                if (Volatile.Read(ref _isGone))
                {
                    // Another loop may have taken its series over: it gets the time to write them before we say that they ended.
                    await UntilAsync(due + (Target.Interval * 1.1), stopping);
                    if (Volatile.Read(ref _isGone))
                    {
                        await EndAsync(due, stopping);
                        return;
                    }
                }
                else
                {
                    await TurnAsync(due, stopping);
                }
                due = NextAfter(_time.GetUtcNow());
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The hub stops. Nothing ended: the next start goes on.
        }
        finally
        {
            IsOver = true;
        }
    }

    private DateTimeOffset NextAfter(DateTimeOffset now)
    {
        var interval = Target.Interval.Ticks;
        var offset = Target.OffsetIn(Target.Interval).Ticks;
        var since = now.UtcTicks - offset;
        return new DateTimeOffset(now.UtcTicks - (since % interval) + interval, TimeSpan.Zero);
    }

    private async Task UntilAsync(DateTimeOffset due, CancellationToken stopping)
    {
        for (var wait = due - _time.GetUtcNow(); wait > TimeSpan.Zero; wait = due - _time.GetUtcNow())
            await Task.Delay(wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait, _time, stopping);
    }

    private async Task TurnAsync(DateTimeOffset due, CancellationToken stopping)
    {
        try
        {
            await ScrapeAsync(due, stopping);
        }
        catch (Exception e) when (e is not OperationCanceledException || !stopping.IsCancellationRequested) // a bug of ours ends a turn, not the loop
        {
            _refusals.Count(Door, "failed_turn");
            LogFailedTurn(e, Target.Set.Job, Target.Url);
        }
    }

    /// <summary>One turn: asks, reads, stores, tells.</summary>
    internal async Task ScrapeAsync(DateTimeOffset due, CancellationToken stopping)
    {
        var target = Target;
        if (!ReferenceEquals(target.Set, _read.Set))
            _memory.ForgetTexts();
        _read = target;
        var now = _time.GetUtcNow();
        var at = now - due <= LateMax ? due : now;
        var began = _time.GetTimestamp();
        var outcome = await FetchAsync(target, stopping);
        var took = _time.GetElapsedTime(began);
        var batch = _batches.Take();
        try
        {
            _round.Begin(target, at.ToUnixTimeMilliseconds(), batch);
            using var body = (outcome as FetchOutcome.Answered)?.Body;
            var failed = outcome as FetchOutcome.Failed;
            if (outcome is FetchOutcome.Answered answered && _round.Read(answered.Body.Span, answered.Format) is { } flaw)
                failed = new FetchOutcome.Failed(flaw.Place.Length == 0 ? "limit" : "unreadable", $"{(flaw.Place.Length == 0 ? "" : "its answer cannot be read at ")}{flaw}");
            var note = await StoreAsync(outcome, failed, at, took, batch, stopping);
            Say(target, failed, at, took, note);
        }
        finally
        {
            _batches.Give(batch);
        }
    }

    private async Task<FetchOutcome> FetchAsync(ScrapeTarget target, CancellationToken stopping)
    {
        using var late = new CancellationTokenSource(target.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping);
        try
        {
            return await _fetch.FetchAsync(target, either.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return new FetchOutcome.Failed("timeout", $"it did not answer in full within {Workspace.Quantities.Durations.Format(target.Timeout)}");
        }
    }

    /// <summary>Stores an answer and its report, or the ends of all series and the report of a failure. Answers what was refused, in words.</summary>
    private async Task<string> StoreAsync(FetchOutcome outcome, FetchOutcome.Failed? failed, DateTimeOffset at, TimeSpan took, SampleBatch batch, CancellationToken stopping)
    {
        var time = at.ToUnixTimeMilliseconds();
        var samples = failed is null ? batch.Count : 0;
        if (failed is null)
        {
            EndGone(batch, time);
            _families.Give(batch);
        }
        else
        {
            batch.Clear();
            _memory.Undo();
            EndAll(batch, time);
            _refusals.Count(Door, failed.Code);
        }
        double[] report = [failed is null ? 1 : 0, took.TotalSeconds, _round.Scraped, _round.Kept, failed is null ? _round.Added : 0];
        for (var i = 0; i < report.Length; i++)
            batch.Add(_reports[i], time, report[i]);
        var result = await _sink.AppendAsync(batch, stopping);
        if (failed is not null)
            return "";
        var forgotten = Learn(batch, samples, result);
        if (forgotten && outcome is FetchOutcome.Answered answered)
            result = new AppendResult(result.Taken, [.. result.Refused.Where(refused => refused.Reason != "unknown_series"), .. (await StoreAgainAsync(answered, stopping)).Refused]);
        _memory.Keep();
        return Tell(result);
    }

    private void EndGone(SampleBatch batch, long time)
    {
        HashSet<ulong>? seen = null;
        foreach (var at in _memory.All())
        {
            if (!_memory[at].IsLive || _memory.IsSeen(at))
                continue;
            // The same series under another text is not gone.
            seen ??= [.. _memory.All().Where(other => _memory.IsSeen(other) && _memory[other].State == EntryState.Known).Select(other => _memory[other].Labels)];
            if (!seen.Contains(_memory[at].Labels))
                End(batch, at, time);
        }
    }

    private void EndAll(SampleBatch batch, long time)
    {
        foreach (var at in _memory.All())
        {
            if (!_memory[at].IsLive)
                continue;
            End(batch, at, time);
            _memory[at].IsLive = false;
        }
    }

    private void End(SampleBatch batch, int at, long time)
    {
        ref var entry = ref _memory[at];
        var place = entry.Identity != 0 ? batch.AddSeries(entry.Identity) : batch.AddSeries(entry.Key);
        if (entry.IsHistogram)
            batch.Add(place, time, Ended);
        else
            batch.Add(place, time, StaleMarker.Value);
    }

    private static NativeHistogram Ended { get; } =
        new() { Schema = 0, ZeroThreshold = 0, ZeroCount = 0, Count = 0, Sum = StaleMarker.Value, Positive = [], Negative = [] };

    /// <summary>Keeps what the store knows the series by. True when it has forgotten some.</summary>
    private bool Learn(SampleBatch batch, int samples, AppendResult result)
    {
        var identities = batch.Identities;
        for (var i = 0; i < samples; i++)
        {
            ref var entry = ref _memory[_round.Entries[i]];
            var identity = identities[batch.SampleSeries[i]];
            if (identity != 0)
                (entry.Identity, entry.Key) = (identity, null);
        }
        var forgotten = false;
        foreach (var refused in result.Refused)
        {
            if (refused.Index >= samples)
                continue;
            var at = _round.Entries[refused.Index];
            ref var entry = ref _memory[at];
            if (refused.Reason == "unknown_series")
            {
                (entry.Identity, entry.Key) = (0, null);
                forgotten = true;
            }
            else if (_memory.IsNew(at))
            {
                entry.IsLive = false; // the store has nothing of it that could end
            }
        }
        return forgotten;
    }

    private async Task<AppendResult> StoreAgainAsync(FetchOutcome.Answered answered, CancellationToken stopping)
    {
        var batch = _batches.Take();
        try
        {
            _round.ReadAgain(answered.Body.Span, answered.Format, batch);
            var result = await _sink.AppendAsync(batch, stopping);
            for (var i = 0; i < batch.Count; i++)
            {
                ref var entry = ref _memory[_round.Entries[i]];
                var place = batch.SampleSeries[i];
                if (batch.Identities[place] != 0)
                    entry.Identity = batch.Identities[place];
                else
                    entry.Key = batch.KeyOf(place).ToArray();
            }
            return result;
        }
        finally
        {
            _batches.Give(batch);
        }
    }

    private string Tell(AppendResult result)
    {
        if (_round.Twice > 0)
            _refusals.Count(Door, "duplicate_series", _round.Twice);
        foreach (var reason in result.Refused.GroupBy(refused => refused.Reason, StringComparer.Ordinal))
            _refusals.Count(Door, reason.Key, reason.Count());
        return (result.Refused, _round.Twice) switch
        {
            ([var first, ..], _) => $"{result.Refused.Count:n0} of its samples were refused, first: {first.Detail}",
            (_, > 0) => $"{_round.Twice:n0} of its lines repeat a series; the first counts",
            _ => "",
        };
    }

    // When it would have been asked next. Its report ends too.
    private async Task EndAsync(DateTimeOffset at, CancellationToken stopping)
    {
        var batch = _batches.Take();
        try
        {
            EndAll(batch, at.ToUnixTimeMilliseconds());
            foreach (var report in _status.At is null ? [] : _reports)
                batch.Add(report, at.ToUnixTimeMilliseconds(), StaleMarker.Value);
            if (batch.Count > 0)
                await _sink.AppendAsync(batch, stopping);
        }
        finally
        {
            _batches.Give(batch);
        }
    }

    private void Say(ScrapeTarget target, FetchOutcome.Failed? failed, DateTimeOffset at, TimeSpan took, string note)
    {
        var before = _status;
        Volatile.Write(ref _status, new ScrapeStatus
        {
            Health = failed is null ? TargetHealth.Up : TargetHealth.Down,
            At = at,
            Took = took,
            Error = failed?.Reason ?? "",
            Code = failed?.Code ?? "",
            Note = note,
            Samples = _round.Kept,
        });
        if (failed is not null && (before.Health != TargetHealth.Down || before.Code != failed.Code))
            LogDown(target.Set.Job, target.Url, failed.Reason);
        else if (failed is null && before.Health == TargetHealth.Down)
            LogUp(target.Set.Job, target.Url);
    }

    [LoggerMessage(1, LogLevel.Warning, "{Job} is down: {Reason} (target={Url})", EventName = "target_down")]
    private partial void LogDown(string job, Uri url, string reason);

    [LoggerMessage(2, LogLevel.Information, "{Job} is up again (target={Url})", EventName = "target_up")]
    private partial void LogUp(string job, Uri url);

    [LoggerMessage(3, LogLevel.Error, "a turn of {Job} failed (target={Url})", EventName = "scrape_failed")]
    private partial void LogFailedTurn(Exception e, string job, Uri url);
}
