using HmsOps.Act;
using HmsOps.Act.Commands;
using HmsOps.Act.Paging;
using HmsOps.Act.Targets;
using HmsOps.Decide.Rules;
using HmsOps.Disk;
using HmsOps.Ledger;
using HmsOps.Observe;
using HmsOps.Observe.Influx;
using HmsOps.Observe.Otlp;
using HmsOps.Observe.Push;
using HmsOps.Observe.RemoteRead;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Scrape;
using HmsOps.PromQL;
using HmsOps.Record;
using HmsOps.Record.Events;
using HmsOps.Series;
using HmsOps.Tsdb;
using HmsOps.Workspace;

namespace HmsOps.App.Running;

/// <summary>
/// The hub: all rooms, wired. Everything that touches the world comes in through <see cref="HubEdges"/>, so the program and its simulation are one.
/// </summary>
public sealed partial class Hub : IDisposable
{
    private const string Actor = "system:app";
    private const string OriginEnd = "/ledger";

    // A stop is over in 30 s: so long for what is under way, 10 s more to end the scripts that are not done by then, 2 s to enter what became of them.
    private static readonly TimeSpan EffectsEndWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SettledWithin = TimeSpan.FromSeconds(2);

    private readonly HubEdges _edges;
    private readonly ILogger _log;
    private readonly DataFolder _folder;
    private readonly MerkleLog _ledger;
    private readonly StoreDoor _store = new();
    private readonly WorkspaceKeeper _keeper;
    private readonly Dictionary<string, Task> _loops = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _deciding = new();
    private readonly CancellationTokenSource _acting = new();
    private readonly CancellationTokenSource _storing = new();
    private readonly CancellationTokenSource _sending = new();
    private readonly CancellationTokenSource _recording = new();

    private Hub(HubPlan plan, HubEdges edges, DataFolder folder)
    {
        (Plan, _edges, _folder) = (plan, edges, folder);
        _log = edges.Logs.CreateLogger("hub");
        StartedAt = edges.Time.GetUtcNow();
        MerkleLog? ledger = null;
        Journal = Journal.Open(
            replay => ledger = MerkleLog.Open(edges.Disk, $"{plan.DataFolder}/ledger", $"{NameOf(plan, edges)}{OriginEnd}", edges.Time, replay), edges.Ids);
        _ledger = ledger!; // Open calls it before it answers
        Name = _ledger.Origin.EndsWith(OriginEnd, StringComparison.Ordinal) ? _ledger.Origin[..^OriginEnd.Length] : _ledger.Origin;
        Refusals = new Refusals();
        if (plan.Remote is { } remote && edges.Cluster is { } way)
            Cluster = new ClusterStorage(remote, way, edges, _store, Refusals, FirstStart());
        PromQL = new PromEngine(Cluster is null ? _store : Cluster.NewestFirst, new PromLimits { LookBack = plan.LookBack }, pool: new PromPool(plan.RulesMemory));
        _keeper = new WorkspaceKeeper(Journal, edges.Time, edges.Logs.CreateLogger<WorkspaceKeeper>());
        Push = new PushIntake(_store, Refusals, plan.Push, edges.Time);
        if (edges.Fetch is { } fetch && edges.Resolver is { } resolver)
        {
            Scrapes = new Scrapes(
                new ScrapeEdges
                {
                    Time = edges.Time,
                    Fetch = fetch,
                    Resolver = resolver,
                    AskForTargets = edges.AskForTargets,
                    WorkspaceFolder = plan.WorkspaceFolder,
                    RunFolder = $"{plan.DataFolder}/run/targets",
                    Start = edges.Start,
                },
                _store, Refusals, plan.Scrape, edges.Logs.CreateLogger("scrape"));
        }
        RemoteWrite = new RemoteWriteIntake(_store, Refusals, plan.Write);
        RemoteRead = new RemoteReadOutlet(_store, Refusals, new ReadLimits());
        Influx = new InfluxIntake(_store, Refusals, plan.Influx, edges.Time);
        Otlp = new OtlpIntake(_store, Refusals, plan.Otlp, edges.Time);
        Scheduler = new RuleScheduler(
            () => _keeper.Current, PromQL, () => _store.Store?.Appended ?? 0, Journal, edges.Ids, edges.Time, edges.Logs.CreateLogger<RuleScheduler>());
        var effector = new Effector(Journal, edges.Scripts, path => $"{plan.WorkspaceFolder}/{path}", edges.Time);
        var sender = new PageSender(Journal, edges.Channels, new PageWords(plan.PublicUrl), edges.Time, edges.Random, edges.Logs.CreateLogger<PageSender>());
        Acts = new ActLoop(Journal, () => _keeper.Current, effector, sender, edges.Time, edges.Logs.CreateLogger<ActLoop>());
    }

    public HubPlan Plan { get; }

    /// <summary>The hub's name, fixed at its first start.</summary>
    public string Name { get; }

    public DateTimeOffset StartedAt { get; }

    public Journal Journal { get; }

    public PromEngine PromQL { get; }

    /// <summary>The cluster that keeps samples for good; null: the hub does.</summary>
    public ClusterStorage? Cluster { get; }

    /// <summary>The series of the metric store, and of the cluster where there is one; refused by name until the store's log is replayed.</summary>
    public ISeriesSource Series => Cluster is null ? _store : Cluster.Everything;

    /// <summary>The series of the metric store alone.</summary>
    public ISeriesSource OwnSeries => _store;

    /// <summary>What came to it.</summary>
    public IChanges Changes => _store;

    public PushIntake Push { get; }

    public RemoteWriteIntake RemoteWrite { get; }

    public RemoteReadOutlet RemoteRead { get; }

    public InfluxIntake Influx { get; }
    public OtlpIntake Otlp { get; }

    public Refusals Refusals { get; }

    /// <summary>What is scraped; null where nothing is.</summary>
    public Scrapes? Scrapes { get; }

    public RuleScheduler Scheduler { get; }

    public ActLoop Acts { get; }

    /// <summary>The workspace version in force.</summary>
    public WorkspaceVersion Workspace => _keeper.Current;

    /// <summary>The metric store; null until its log is replayed.</summary>
    public MetricStore? Store => _store.Store;

    /// <summary>Where the hub stands in its own life.</summary>
    public HubPhase Phase { get; private set; } = HubPhase.Starting;

    /// <summary>Fails when a loop that has to run has died: the hub cannot go on.</summary>
    public Task Failed => _failed.Task;

    /// <summary>Takes the data folder and opens the ledger: from here on the state is known and can be shown.</summary>
    /// <exception cref="FolderHeldException">Another hub has the folder.</exception>
    /// <exception cref="HubCannotStartException">The folder is a newer program's.</exception>
    public static Hub Open(HubPlan plan, HubEdges edges, string holder)
    {
        var folder = DataFolder.Take(edges.Disk, plan, holder);
        try
        {
            return new Hub(plan, edges, folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Opens the metric store, reads the workspace, and starts every loop. Ready when it completes.</summary>
    public async Task StartAsync(IWorkspaceFeed feed, CancellationToken cancellationToken)
    {
        Start("ledger", () => Journal.Log.RunAsync(_recording.Token));
        var store = MetricStore.Open(
            _edges.Disk,
            new MetricStoreOptions
            {
                Folder = $"{Plan.DataFolder}/metrics",
                DurabilityWindow = Plan.DurabilityWindow,
                LateWindow = Plan.LateWindow,
                Retention = Plan.Retention,
                RetentionBytes = Plan.RetentionBytes,
            }.WithinMemory(Plan.StoreMemory),
            _edges.Time,
            Cluster?.Open(_edges.Disk, Plan.DataFolder));
        _store.Open(store);
        Start("metrics", () => store.RunAsync(_storing.Token, loop => _edges.Start("housekeeping", loop)));
        if (Cluster is { } cluster)
            Start("sending", () => cluster.SendAsync(_sending.Token));
        SayRecovery("metric log", store.Recovery);
        SayRecovery("ledger", _ledger.Recovery);

        await EnterStartAsync(cancellationToken);
        await _keeper.TakeAsync(feed.Take(), feed.CommitAsync, cancellationToken);
        var console = new ChapterConsole(Journal, Plan.Zone, _edges.Console);
        var sweep = new RunSweep(Journal, _edges.Scripts, _edges.Time, _edges.Logs.CreateLogger<RunSweep>());
        Start("console", () => console.RunAsync(_recording.Token));
        Start("acts", () => Acts.RunAsync(_deciding.Token, _acting.Token));
        Start("runs", () => sweep.RunAsync(_deciding.Token));
        Start("rules", () => Scheduler.RunAsync(_deciding.Token));
        if (Scrapes is { } scrapes)
            Start("scrapes", () => scrapes.RunAsync(() => _keeper.Current.Scrapes, _deciding.Token));
        Start("workspace", () => feed.WatchAsync((snapshot, token) => _keeper.TakeAsync(snapshot, feed.CommitAsync, token), _deciding.Token));
        Phase = HubPhase.Ready;
    }

    /// <summary>
    /// Stops in order: no new verdicts and no new acts; what is running gets its time, scripts that are not done by then are ended and said to be; then the stores.
    /// </summary>
    public async Task StopAsync()
    {
        Phase = HubPhase.Stopping;
        _deciding.Cancel();
        await EndAsync("rules", "workspace", "scrapes", "runs");
        await QuietWithinAsync(EffectsEndWithin);
        await EndScriptsAsync();
        await QuietWithinAsync(SettledWithin);
        _acting.Cancel();
        await EndAsync("acts");
        if (_ledger.State == LedgerState.Writable)
            await Journal.WriteAsync(new EventDraft(new HubStopped(_edges.Time.GetUtcNow()), Actor), CancellationToken.None);
        _storing.Cancel();
        _sending.Cancel(); // what waits is on the disk, and goes after the next start
        await EndAsync("metrics", "sending");
        _recording.Cancel();
        await EndAsync("console", "ledger");
    }

    public void Dispose()
    {
        _store.Store?.Dispose();
        Cluster?.Dispose();
        _ledger.Dispose();
        _folder.Dispose();
        _deciding.Dispose();
        _acting.Dispose();
        _storing.Dispose();
        _sending.Dispose();
        _recording.Dispose();
    }

    /// <summary>As given, else the host's name and eight digits of chance, so that two hubs never share one.</summary>
    private static string NameOf(HubPlan plan, HubEdges edges)
    {
        Span<byte> digits = stackalloc byte[4];
        edges.Ids.Fill(digits);
        return plan.Name ?? $"{Environment.MachineName.ToLowerInvariant()}/{Convert.ToHexStringLower(digits)}";
    }

    private DateTimeOffset? FirstStart() => _ledger.Size > 0 ? Journal.ReadRange(0, 1)[0].Time : null;

    private async Task EnterStartAsync(CancellationToken cancellationToken)
    {
        if (_ledger.State != LedgerState.Writable)
        {
            LogReadOnly(_ledger.StateReason ?? "");
            return;
        }
        var now = _edges.Time.GetUtcNow();
        var drafts = new List<EventDraft> { new(new HubStarted(Plan.Version, Name, now), Actor) };
        foreach (var finding in _ledger.Recovery.Findings)
            drafts.Add(new EventDraft(new LedgerRecovered(finding.Bytes, finding.Sentence, now), Actor));
        await Journal.WriteAllAsync(drafts, cancellationToken);
    }

    private void SayRecovery(string log, LogRecovery recovery)
    {
        foreach (var finding in recovery.Findings)
            LogRecovered(log, finding.Sentence);
    }

    private async Task QuietWithinAsync(TimeSpan span)
    {
        using var grace = new CancellationTokenSource(span, _edges.Time);
        await Acts.QuietAsync(grace.Token);
    }

    private async Task EndScriptsAsync()
    {
        try
        {
            await _edges.Scripts.EndAllAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            LogNotEnded(e.Message);
        }
    }

    private void Start(string name, Func<Task> loop)
    {
        var running = _edges.Start(name, loop);
        _loops[name] = WatchAsync(name, running);
    }

    private async Task WatchAsync(string name, Task running)
    {
        try
        {
            await running;
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
        catch (Exception e) // a loop died of a bug: said once, with its trace, and the process ends for its supervisor
        {
            LogDied(e, name);
            _failed.TrySetException(new InvalidOperationException($"The loop '{name}' died: {e.Message}", e));
        }
    }

    private Task EndAsync(params string[] names) => Task.WhenAll(names.Select(n => _loops.GetValueOrDefault(n, Task.CompletedTask)));

    [LoggerMessage(1, LogLevel.Warning, "the {Log} was put right while opening: {What}", EventName = "recovered")]
    private partial void LogRecovered(string log, string what);

    [LoggerMessage(2, LogLevel.Error, "the ledger cannot be written, so nothing will be done automatically: {Reason}", EventName = "ledger_read_only")]
    private partial void LogReadOnly(string reason);

    [LoggerMessage(3, LogLevel.Critical, "the loop {Loop} died", EventName = "loop_died")]
    private partial void LogDied(Exception e, string loop);

    [LoggerMessage(4, LogLevel.Error, "not every script could be ended, look for what still runs: {Reason}", EventName = "scripts_not_ended")]
    private partial void LogNotEnded(string reason);
}

/// <summary>Where the hub stands in its own life.</summary>
public enum HubPhase
{
    Starting,
    Ready,
    Stopping,
}
