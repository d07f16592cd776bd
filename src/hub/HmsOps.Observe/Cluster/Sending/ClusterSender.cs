using HmsOps.Observe.Wire;
using HmsOps.Series;
using Microsoft.Extensions.Logging;

namespace HmsOps.Observe.Cluster.Sending;

/// <summary>
/// Passes on to a cluster what the store took, by remote write: 2.0 where it is read, else 1.0. One request at a time, so no series comes out of order. What has arrived is
/// done in the queue; what the cluster cannot take now stays there until it can; what it will never take is counted and named.
/// </summary>
/// <param name="queue">What waits.</param>
/// <param name="plan">Where to, and how much at a time.</param>
/// <param name="http">The way there; who makes it sees to credentials, follows no redirections, and names the sender.</param>
/// <param name="describe">What is known of a metric, by its name.</param>
/// <param name="refusals">Where refused items are counted, as door <c>remote</c>.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Spreads the tries of many hubs.</param>
/// <param name="log">The hub's log.</param>
public sealed partial class ClusterSender(
    ISampleQueue queue, SendPlan plan, HttpMessageInvoker http, Func<string, MetricMetadata?> describe, Refusals refusals, TimeProvider time, Random random, ILogger log) : IDisposable
{
    private const string Door = "remote";

    // A request that is refused whole is halved until its bad samples stand alone. Where nearly all are bad that would be a request a sample: after so many, the rest of the
    // batch goes and is refused in bundles.
    private const int AloneMax = 100;
    private const int Bundle = 64;

    private static readonly TimeSpan SaidEvery = TimeSpan.FromMinutes(1);

    private readonly SampleBatch _batch = new();
    private readonly ClusterPost _post = new(http, plan, time);
    private readonly Messages _messages = new(plan.BytesMax, describe);
    private readonly Lock _standing = new();
    private WriteVersion _version = WriteVersion.Two;
    private SendStanding _stands = new();
    private DateTimeOffset _failingSince;
    private DateTimeOffset _refusalSaid = DateTimeOffset.MinValue;

    /// <summary>How it goes. Safe for concurrent use.</summary>
    public SendStanding Standing
    {
        get
        {
            lock (_standing)
                return _stands;
        }
    }

    /// <summary>Sends until it is told to stop; the answer to what is under way then is waited for a little.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var leaving = new CancellationTokenSource();
        await using var farewell = time.CreateTimer(_ => leaving.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using var told = stopping.Register(() => farewell.Change(plan.Farewell, Timeout.InfiniteTimeSpan));
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                _batch.Clear();
                var place = await queue.ReadAsync(_batch, plan.SamplesMax, stopping);
                if (IsSomething)
                    await DeliverAsync(stopping, leaving.Token);
                Done(place);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // What was not known to have arrived comes again after the start.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _messages.Dispose();

    private bool HasBeside => _batch.Exemplars.Count + _batch.Metadata.Count > 0;

    private bool IsSomething => _batch.Count > 0 || HasBeside;

    private void Done(long place)
    {
        try
        {
            queue.Done(place);
        }
        catch (IOException e)
        {
            LogNotNoted(e.Message);
        }
    }

    private async Task DeliverAsync(CancellationToken stopping, CancellationToken leaving)
    {
        if (await SettleAsync(0, _batch.Count, withBeside: true, stopping, leaving) is null)
            return;
        await DeliverPartsAsync(stopping, leaving);
        if (HasBeside && await SettleAsync(0, 0, withBeside: true, stopping, leaving) is { } words)
            Refuse(0, 0, withBeside: true, words);
    }

    // Some of it is bad. Good samples arrive, in the order in which they came.
    private async Task DeliverPartsAsync(CancellationToken stopping, CancellationToken leaving)
    {
        var alone = 0;
        var size = Math.Max(1, _batch.Count / 2);
        for (var from = 0; from < _batch.Count;)
        {
            var to = Math.Min(_batch.Count, from + size);
            var words = await SettleAsync(from, to, withBeside: false, stopping, leaving);
            if (words is not null && to - from > (alone >= AloneMax ? Bundle : 1))
            {
                size = (to - from) / 2;
                continue;
            }
            if (words is not null)
            {
                Refuse(from, to, withBeside: false, words);
                alone += to - from == 1 ? 1 : 0;
            }
            from = to;
            size = words is null ? 2 * size : alone >= AloneMax ? Bundle : size;
        }
    }

    // Sends a part until it has arrived: null; or the words with which the cluster refuses it.
    private async Task<string?> SettleAsync(int from, int to, bool withBeside, CancellationToken stopping, CancellationToken leaving)
    {
        for (var pause = plan.FirstPause; ; pause = Min(2 * pause, plan.LongestPause))
        {
            var message = _messages.Write(_batch, from, to, withBeside, _version);
            var bytes = message.Bytes;
            if (message.IsTooLarge)
                return $"it takes more than {plan.BytesMax} bytes in a request of remote write";
            if (bytes.IsEmpty)
                return null;
            var outcome = await _post.SendAsync(bytes, _version, leaving);
            switch (outcome.Verdict)
            {
                case PostVerdict.Taken:
                    Arrived(from, to, withBeside, outcome, message.Items(_batch, from, to, withBeside));
                    return null;
                case PostVerdict.OtherVersion:
                    _version = WriteVersion.One;
                    pause = plan.FirstPause / 2;
                    continue;
                case PostVerdict.Refused when outcome.Written is not null: // it took the good ones and says how many
                    Arrived(from, to, withBeside, outcome, message.Items(_batch, from, to, withBeside));
                    return null;
                case PostVerdict.Refused:
                    return outcome.Words;
                default:
                    Fail(outcome);
                    await WaitAsync(outcome, pause, stopping);
                    break;
            }
        }
    }

    private async Task WaitAsync(PostOutcome outcome, TimeSpan pause, CancellationToken stopping)
    {
        if (outcome.WasAway)
            _version = WriteVersion.Two; // what comes back may be a newer one
        var wait = outcome.Pause ?? (outcome.Verdict == PostVerdict.Held ? plan.LongestPause : pause);
        await Task.Delay(wait * (0.5 + (random.NextDouble() / 2)), time, stopping);
    }

    private void Arrived(int from, int to, bool withBeside, PostOutcome outcome, long items)
    {
        var now = time.GetUtcNow();
        var refused = Math.Max(0, items - (outcome.Written ?? items));
        if (Standing.Failure is not null)
            LogBack(plan.Address, now - _failingSince, queue.Standing.Waiting);
        Say(stands => stands with
        {
            Sent = stands.Sent + items - refused,
            LastArrival = now,
            Failure = null,
            Version = _version == WriteVersion.Two ? "2.0" : "1.0",
        });
        if (refused > 0)
            Refuse(refused, $"{NameOf(from, to, withBeside)} or another of the {items} it was sent with: {(outcome.Words.Length == 0 ? $"the cluster at {plan.Address} wrote fewer than it was sent" : outcome.Words)}");
    }

    private void Refuse(int from, int to, bool withBeside, string words) =>
        Refuse(to - from + (withBeside ? _batch.Exemplars.Count + _batch.Metadata.Count : 0), $"{NameOf(from, to, withBeside)}: {words}");

    private void Refuse(long items, string sentence)
    {
        refusals.Count(Door, "cluster", items);
        sentence = $"{items} refused, the first {sentence}";
        Say(stands => stands with { Refused = stands.Refused + items, LastRefusal = sentence });
        var now = time.GetUtcNow();
        if (now - _refusalSaid < SaidEvery)
            return;
        _refusalSaid = now;
        LogRefused(sentence);
    }

    private void Fail(PostOutcome outcome)
    {
        var isNew = Standing.Failure is null;
        Say(stands => stands with { Failure = outcome.Words, Retries = stands.Retries + 1 });
        if (!isNew)
            return;
        _failingSince = time.GetUtcNow();
        LogFails(outcome.Words);
    }

    private string NameOf(int from, int to, bool withBeside)
    {
        if (to > from)
            return $"{Shown(_batch.SampleSeries[from])} at {_batch.Times[from]}";
        return withBeside && _batch.Exemplars.Count > 0 ? $"an exemplar of {Shown(_batch.Exemplars[0].Series)}" : "what is said of metrics";
    }

    private string Shown(int series) => Labels.TryFromBytes(_batch.KeyOf(series), out var labels) ? labels.ToString() : "a series";

    private void Say(Func<SendStanding, SendStanding> change)
    {
        lock (_standing)
            _stands = change(_stands);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    [LoggerMessage(1, LogLevel.Warning, "nothing reaches the cluster, it waits in the queue: {Why}", EventName = "cluster_away")]
    private partial void LogFails(string why);

    [LoggerMessage(2, LogLevel.Information, "the cluster at {Address} takes samples again after {Span}; {Waiting} wait", EventName = "cluster_back")]
    private partial void LogBack(Uri address, TimeSpan span, long waiting);

    [LoggerMessage(3, LogLevel.Warning, "the cluster does not take all: {What}", EventName = "cluster_refused")]
    private partial void LogRefused(string what);

    [LoggerMessage(4, LogLevel.Warning, "how far the cluster has come could not be noted, after a restart some is sent again: {Reason}", EventName = "cluster_not_noted")]
    private partial void LogNotNoted(string reason);

    /// <summary>The two messages and the room they are written in.</summary>
    private sealed class Messages : IDisposable
    {
        private readonly MessageWriter _series;
        private readonly MessageWriter _whole;
        private readonly MessageOne _one;
        private readonly MessageTwo _two;

        public Messages(int bytesMax, Func<string, MetricMetadata?> describe)
        {
            var budget = new ByteBudget(4L * bytesMax); // what is grown is there twice for a moment
            _series = new MessageWriter(bytesMax, budget);
            _whole = new MessageWriter(bytesMax, budget);
            _one = new MessageOne(_series);
            _two = new MessageTwo(_series, _whole, describe);
        }

        public OutgoingMessage Write(SampleBatch batch, int from, int to, bool withBeside, WriteVersion version)
        {
            OutgoingMessage message = version == WriteVersion.Two ? _two : _one;
            message.Write(batch, from, to, withBeside);
            return message;
        }

        public void Dispose()
        {
            _series.Dispose();
            _whole.Dispose();
        }
    }
}
