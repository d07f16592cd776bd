using HmsOps.App.Settings;
using HmsOps.Disk;
using HmsOps.Observe;
using HmsOps.Observe.Cluster.Reading;
using HmsOps.Observe.Cluster.Sending;
using HmsOps.Series;
using HmsOps.Tsdb.Outgoing;

namespace HmsOps.App.Running;

/// <summary>
/// The cluster that keeps the hub's samples for good: what the store takes waits in a queue on the disk and is sent, and what is asked for comes from both. The store of the hub stays the
/// newest part of it all.
/// </summary>
public sealed class ClusterStorage : IDisposable
{
    private const string Folder = "remote";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly RemoteStorage _settings;
    private readonly HttpClient _asking;
    private readonly HttpMessageInvoker _sending;
    private readonly StoreDoor _store;
    private readonly Refusals _refusals;
    private readonly HubEdges _edges;
    private readonly DateTimeOffset _ownSince;
    private readonly bool _isNewHub;
    private ClusterSender? _sender;
    private OutgoingSamples? _queue;
    private SentSince? _sentSince;

    /// <summary>Nothing is opened yet, and nobody asked.</summary>
    /// <param name="settings">Which cluster.</param>
    /// <param name="way">The way there.</param>
    /// <param name="edges">The world.</param>
    /// <param name="store">The hub's own store.</param>
    /// <param name="refusals">Where refused items are counted.</param>
    /// <param name="firstStart">When the hub was first started: since then its own store is filled; null: it is just now.</param>
    internal ClusterStorage(RemoteStorage settings, HttpMessageHandler way, HubEdges edges, StoreDoor store, Refusals refusals, DateTimeOffset? firstStart)
    {
        (_settings, _edges, _store, _refusals) = (settings, edges, store, refusals);
        (_ownSince, _isNewHub) = (firstStart ?? edges.Time.GetUtcNow(), firstStart is null);
        _asking = new HttpClient(way, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan }; // who asks says how long
        _sending = new HttpMessageInvoker(way, disposeHandler: false);
        var peer = new ClusterPeer { Http = _asking, Address = settings.Query, ReadAddress = settings.Read };
        var door = new ClusterDoor(peer, edges.Time, work => edges.Start("cluster", work));
        var rulesDoor = new ClusterDoor(peer with { Patience = ClusterPeer.PatienceOfRules }, edges.Time, work => edges.Start("cluster", work));
        var language = new ClusterLanguage(door);
        Outage = door.Outage;
        Everything = new MergedSource(new ClusterSource(door, language), store, OwnFrom);
        NewestFirst = new OwnFirstSource(store, new MergedSource(new ClusterSource(rulesDoor, new ClusterLanguage(rulesDoor)), store, OwnFrom), OwnFrom);
        Whole = new ClusterAnswers(door, language, settings.Pushdown, Sent);
    }

    /// <summary>Where samples are sent.</summary>
    public Uri Address => _settings.Write;

    /// <summary>What became of the last questions.</summary>
    public ClusterOutage Outage { get; }

    /// <summary>What the cluster has and what the hub has, as one: for people.</summary>
    public MergedSource Everything { get; }

    /// <summary>What the hub has, and the cluster where that does not reach: for rules.</summary>
    public OwnFirstSource NewestFirst { get; }

    /// <summary>What the cluster works out itself.</summary>
    public ClusterAnswers Whole { get; }

    /// <summary>What waits to be sent; null until the store is opened.</summary>
    public QueueStanding? Queue => Volatile.Read(ref _queue)?.Standing;

    /// <summary>How sending goes; null until it has begun.</summary>
    public SendStanding? Sending => Volatile.Read(ref _sender)?.Standing;

    /// <summary>Opens the queue; the store fills it.</summary>
    internal OutgoingSamples Open(IDisk disk, string dataFolder)
    {
        var queue = OutgoingSamples.Open(disk, new OutgoingOptions { Folder = $"{dataFolder}/{Folder}", BytesMax = _settings.Queue }, _edges.Time);
        Volatile.Write(ref _sender, new ClusterSender(
            queue, new SendPlan { Address = _settings.Write }, _sending, metric => _store.Store?.Metadata(metric), _refusals, _edges.Time, _edges.Random, _edges.Logs.CreateLogger("cluster")));
        _sentSince = SentSince.Open(disk, $"{dataFolder}/{Folder}", _isNewHub, _edges.Time);
        Volatile.Write(ref _queue, queue);
        return queue;
    }

    /// <summary>Sends until it is told to stop.</summary>
    internal Task SendAsync(CancellationToken stopping) => Task.WhenAll(_sender!.RunAsync(stopping), WatchAsync(_sentSince!, stopping)); // it is started behind Open

    /// <inheritdoc/>
    public void Dispose()
    {
        _sender?.Dispose();
        _queue?.Dispose();
        _asking.Dispose();
        _sending.Dispose();
    }

    // A hub that was set up anew knows nothing of what it measured before.
    private long OwnFrom() => Math.Max(_store.OldestKept, _ownSince.ToUnixTimeMilliseconds());

    // A late sample may be of any time: while something waits for long, nothing is known to be whole there.
    private SentSpan Sent()
    {
        var now = _edges.Time.GetUtcNow();
        return Queue is { } queue && _sentSince is { } since && (queue.Since is null || now - queue.Since < ClusterAnswers.Lag)
            ? new SentSpan(since.Ms, now.ToUnixTimeMilliseconds())
            : new SentSpan(long.MaxValue, long.MinValue);
    }

    // Notes what the cluster did not get.
    private async Task WatchAsync(SentSince since, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(LookEvery, _edges.Time);
        using var told = stopping.Register(timer.Dispose); // ends the wait
        for (var before = 0L; await timer.WaitForNextTickAsync(CancellationToken.None);)
        {
            var missing = (Queue is { } queue ? queue.Dropped + queue.Lost : 0) + (Sending?.Refused ?? 0);
            if (missing > before)
                since.BeginAnew();
            before = missing;
        }
    }
}
