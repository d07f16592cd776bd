using HmsOps.Disk;
using HmsOps.Tsdb.Blocks;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Intake;
using HmsOps.Tsdb.Observations;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Sealing;

/// <summary>
/// Moves what is old enough from the head into blocks, makes fewer blocks of many, and lets go of what is past retention. Appends and queries go on meanwhile.
/// </summary>
/// <remarks>
/// Two orders of exclusion: who seals holds <c>_sealing</c> until the head gave back what was sealed; whoever changes which blocks there are by an order from outside
/// (a deletion, a snapshot), and the part of sealing that writes, holds <see cref="Orders"/>. The store's turn is held for single steps alone.
/// </remarks>
internal sealed class Housekeeper(
    MetricStoreOptions options, TimeProvider time, IDisk disk, Func<long> otherBytes, Turn turn, Holdings holdings, SampleIntake samples, SealedSide side, Action<HeadRenewal> renew)
{
    /// <summary>A window is sealed so long after its end: what is on its way comes in order.</summary>
    public static readonly TimeSpan Quarter = TimeSpan.FromMinutes(15);

    private const int DropTogether = 4096; // series whose samples are given back in one hold of the turn
    private const int RetentionParts = 4; // a block spans no more of the retention than one of so many parts
    private static readonly TimeSpan LookEvery = TimeSpan.FromHours(1);
    private static readonly TimeSpan AgainAfter = TimeSpan.FromMinutes(1); // a disk that refused

    private readonly Turn _sealing = new();
    private readonly Turn _merging = new();
    private readonly Signal _sealDue = new();
    private readonly Signal _sealed = new();
    private readonly Lock _countsLock = new();
    private long _seals;
    private long _merges;
    private long _failures;
    private long _renewals;
    private string? _lastFailure;

    /// <summary>Held by whoever orders something of the blocks.</summary>
    public Turn Orders { get; } = new();

    /// <summary>How often something was sealed, merged, and refused by the disk or given up because of damage; and why, while it has not gone well since.</summary>
    public (long Seals, long Merges, long Failures, string? LastFailure) Counts
    {
        get
        {
            lock (_countsLock)
                return (_seals, _merges, _failures, _lastFailure);
        }
    }

    /// <summary>How often the head was changed for one without the forgotten.</summary>
    public long Renewals
    {
        get
        {
            lock (_countsLock)
                return _renewals;
        }
    }

    /// <summary>Says that something was appended. The holder of the turn's.</summary>
    public void Appended()
    {
        if (IsDue())
            _sealDue.Set();
    }

    /// <summary>Its life: until it is stopped.</summary>
    public Task RunAsync(CancellationToken stopping) => Loops.RunAsync(stopping, SealLoopAsync, MergeLoopAsync, RetainLoopAsync);

    /// <summary>Seals all there is, merges all that can be, and writes anew what holds deleted samples.</summary>
    public async Task CompactAsync(CancellationToken cancellationToken)
    {
        await turn.TakeAsync(cancellationToken);
        var until = Newest() is long.MinValue ? long.MinValue : Newest() + 1;
        turn.Give();
        if (until != long.MinValue)
            await SealAsync(until, renews: false, cancellationToken); // all is forgotten for a moment, and comes back
        await MergeAsync(all: true, cancellationToken);
    }

    private async Task SealLoopAsync(CancellationToken stopping)
    {
        while (true)
        {
            await _sealDue.WaitAsync(stopping);
            if (await TryAsync("seal", async () => await SealAsync(await BoundaryAsync(stopping), renews: true, stopping)))
                continue;
            await Task.Delay(AgainAfter, time, stopping);
            _sealDue.Set();
        }
    }

    private async Task MergeLoopAsync(CancellationToken stopping)
    {
        while (true)
        {
            if (!await TryAsync("merge", () => MergeAsync(all: false, stopping)))
                await Task.Delay(AgainAfter, time, stopping);
            await _sealed.WaitAsync(stopping);
        }
    }

    private async Task RetainLoopAsync(CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(LookEvery, time, stopping);
            await TryAsync("let go of old blocks", () => RetainAsync(stopping));
            _sealed.Set(); // what was not worth merging may have settled
        }
    }

    private async Task<bool> TryAsync(string what, Func<Task> work)
    {
        try
        {
            await work();
            lock (_countsLock)
                _lastFailure = null;
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            lock (_countsLock)
            {
                _failures++;
                _lastFailure = $"The store could not {what}: {failure.Message} It is tried again.";
            }
            return false;
        }
    }

    private async Task<long> BoundaryAsync(CancellationToken cancellationToken)
    {
        await turn.TakeAsync(cancellationToken);
        var boundary = Boundary();
        turn.Give();
        return boundary;
    }

    // The holder of the turn's.
    private bool IsDue()
    {
        var boundary = Boundary();
        return (boundary > samples.Horizon && (samples.Horizon != long.MinValue || samples.Oldest < boundary)) || samples.LateForBlocks >= options.LateSamplesMax;
    }

    // By the samples' own time, so that history that is replayed is sealed as it was lived.
    private long Boundary() => Newest() is long.MinValue
        ? long.MinValue
        : SealingWindow.FloorOf(Newest() - (long)Quarter.TotalMilliseconds, SealingWindow.Hours);

    private long Newest() => Math.Max(samples.Newest, holdings.Closer.Second > 0 ? holdings.Closer.Second : long.MinValue);

    private async Task SealAsync(long until, bool renews, CancellationToken cancellationToken)
    {
        await _sealing.TakeAsync(cancellationToken);
        try
        {
            var cut = await WriteAsync(until, cancellationToken);
            await side.OldReadersLeaveAsync(cancellationToken);
            await DropAsync(cut, cancellationToken);
            if (renews && HeadRenewal.IsWorth(holdings.Head, options.ForgottenMin))
                await RenewAsync(cut, cancellationToken);
        }
        finally
        {
            _sealing.Give();
        }
        lock (_countsLock)
            _seals++;
        _sealed.Set();
    }

    private async Task<SealCut> WriteAsync(long until, CancellationToken cancellationToken)
    {
        await Orders.TakeAsync(cancellationToken);
        try
        {
            var cut = await CutAsync(until, cancellationToken);
            var run = new SealRun(holdings.Head, side.Blocks, level => new BlockIdentity(side.Blocks.NextId(time.GetUtcNow()), level), Rate());
            var blocks = await run.RunAsync(cut, cancellationToken);
            HorizonFile.Write(disk, options.Folder, cut.Until);
            side.Publish(blocks, cut.Until);
            return cut;
        }
        finally
        {
            Orders.Give();
        }
    }

    // From here on nothing comes in order before the horizon, and what comes late before it has a later batch: the cut is the same whenever it is read.
    private async Task<SealCut> CutAsync(long until, CancellationToken cancellationToken)
    {
        await turn.TakeAsync(cancellationToken);
        try
        {
            samples.Horizon = Math.Max(samples.Horizon, until);
            samples.LateForBlocks = 0;
            lock (holdings.Head.Lock)
            {
                holdings.Closer.CloseUpTo(SecondCloser.SecondOf(Now()));
                return new SealCut(side.Horizon, samples.Horizon, holdings.Head.Batch);
            }
        }
        finally
        {
            turn.Give();
        }
    }

    private async Task DropAsync(SealCut cut, CancellationToken cancellationToken)
    {
        var head = holdings.Head;
        for (var from = 0; from < head.Index.Count; from += DropTogether)
        {
            await turn.TakeAsync(cancellationToken);
            try
            {
                for (var id = from; id < Math.Min(from + DropTogether, head.Index.Count); id++)
                {
                    lock (head.Lock) // readers get their turn between two series
                        head.DropSealed(id, cut.Until, cut.Batch);
                }
            }
            finally
            {
                turn.Give();
            }
        }
    }

    // The head changes only here, and nothing is sealed meanwhile.
    private async Task RenewAsync(SealCut cut, CancellationToken cancellationToken)
    {
        var renewal = new HeadRenewal(holdings.Head, cut.Until);
        renewal.GatherLabels(cancellationToken);
        await turn.TakeAsync(cancellationToken);
        try
        {
            renew(renewal);
        }
        finally
        {
            turn.Give();
        }
        lock (_countsLock)
            _renewals++;
    }

    private async Task MergeAsync(bool all, CancellationToken cancellationToken)
    {
        await _merging.TakeAsync(cancellationToken);
        try
        {
            while (NextMerge(all) is { } order)
            {
                var identity = new BlockIdentity(side.Blocks.NextId(time.GetUtcNow()), order.Window.Level);
                await new BlockMerge(side.Blocks, identity, [.. order.Blocks.Select(block => block.Identity.Id)], Rate()).RunAsync(cancellationToken);
                lock (_countsLock)
                    _merges++;
            }
        }
        finally
        {
            _merging.Give();
        }
    }

    private MergeOrder? NextMerge(bool all)
    {
        if (MergePlan.Next(side.Blocks.Infos, side.Horizon, time.GetUtcNow(), (long)options.Retention.TotalMilliseconds / RetentionParts, all) is { } order)
            return order;
        if (!all)
            return null;
        using var pin = side.Blocks.Pin();
        var holding = pin.Blocks.FirstOrDefault(block => block.Deletions.Count > 0);
        return holding is null ? null : new MergeOrder(SealingWindow.At(holding.Info.From, MergePlan.LengthOf(holding.Info)), [holding.Info]);
    }

    private async Task RetainAsync(CancellationToken cancellationToken)
    {
        var oldest = Now() - (long)options.Retention.TotalMilliseconds;
        await Orders.TakeAsync(cancellationToken);
        try
        {
            side.Blocks.Retain(oldest, Math.Max(0, options.RetentionBytes - otherBytes()));
        }
        finally
        {
            Orders.Give();
        }
    }

    private ByteRate Rate() => new(time, options.SealBytesPerSecond);

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();
}
