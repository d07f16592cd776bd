using System.Runtime.InteropServices;
using HmsOps.Act.Targets.Script;
using HmsOps.App.Settings;
using HmsOps.Disk;
using HmsOps.Ledger;
using HmsOps.Net.Names;
using HmsOps.Observe.Push;
using HmsOps.Observe.Scrape.Fetching;
using HmsOps.Present;
using HmsOps.Present.Api.Otlp;
using HmsOps.Present.Api.Queries;
using HmsOps.Processes.Scripts;
using HmsOps.PromQL;
using HmsOps.PromQL.Caching;
using HmsOps.Workspace.Folder;
using Microsoft.AspNetCore.Http.Features;

namespace HmsOps.App.Running;

/// <summary>A hub with its door open: the rooms, and Kestrel in front of them. Lives until it is told to stop, or until a loop dies.</summary>
/// <param name="settings">Its settings.</param>
/// <param name="lines">The same as they are shown to people.</param>
/// <param name="log">Its log.</param>
/// <param name="print">Its standard output.</param>
/// <param name="leaving">The last thing done when it cannot or may not stop in order: after this the process is gone.</param>
internal sealed class HubServer(HubSettings settings, IReadOnlyList<SettingLine> lines, HubLog log, Action<string> print, Action? leaving = null)
{
    private const string ResolvConf = "/etc/resolv.conf";

    private static readonly TimeSpan LookAtLedgerEvery = TimeSpan.FromSeconds(1);

    // Open requests get this long after the last order was taken.
    private static readonly TimeSpan RequestsEndWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time = Ambient.Time;

    /// <summary>Runs the hub; answers true when it stopped in order, false when it could not go on.</summary>
    /// <exception cref="HubCannotStartException">Named, with what to do.</exception>
    public async Task<bool> RunAsync(Action<Uri>? ready, CancellationToken stopping)
    {
        var began = _time.GetTimestamp();
        using var doors = Doors.Bind(settings.Listen);
        if (doors.BindOtlp(settings.OtlpGrpc, settings.OtlpGrpcIsWritten) is { } notBound)
            log.CreateLogger("hub").LogWarning("{Sentence}", notBound);
        if (doors.Otlp is { } bound)
            log.CreateLogger("hub").LogInformation("OTLP over gRPC is listened for on {Address}", bound);
        MakeWorkspace();
        var plan = PlanOf(doors);
        using var logs = new LoggerFactory([log], new LoggerFilterOptions { MinLevel = Microsoft.Extensions.Logging.LogLevel.Trace });
        var scripts = new ScriptRuns($"{plan.DataFolder}/run/scripts", _time);
        var secrets = new SecretReader(settings, Ambient.Variables(), _time);
        using var ways = new WaysOut(secrets, _time);
        using var fetch = new HttpFetch(plan.Scrape, new TargetCredentials(secrets, settings.Workspace).ReadAsync, doors.IsOurs, _time);
        using var cluster = settings.Remote is { } remote ? new ClusterWay(remote, secrets, doors.IsOurs, _time) : null;
        using var hub = Open(plan, doors, logs, scripts, ways, fetch, cluster);
        using var threads = new QueryThreads(Parallelism);
        var app = Build(hub, doors, threads);
        await using var _ = app;
        await app.StartAsync(CancellationToken.None);
        try
        {
            await hub.StartAsync(new FolderFeed(new WorkspaceFolder(settings.Workspace), _time), stopping);
            print($"HMS-OPS is up on {doors.First.ToString().TrimEnd('/')} ({_time.GetElapsedTime(began).TotalSeconds:0.0} s)");
            ready?.Invoke(doors.First);
            var failed = await UntilToldAsync(hub, stopping);
            await StopAsync(hub, app);
            return !failed;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await StopAsync(hub, app);
            return true;
        }
    }

    // The first start finds none; the data folder is made by whoever writes there first.
    private void MakeWorkspace()
    {
        try
        {
            Directory.CreateDirectory(settings.Workspace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubCannotStartException($"The workspace {settings.Workspace} cannot be made ({e.Message}). Make the folder, or name another with --workspace.");
        }
    }

    private int Parallelism => settings.QueryParallelism ?? Environment.ProcessorCount;

    private HubPlan PlanOf(Doors doors) => new()
    {
        Name = settings.Name,
        Version = Verbs.Product.Version,
        DataFolder = settings.Data,
        WorkspaceFolder = settings.Workspace,
        PublicUrl = (settings.PublicUrl ?? doors.First).ToString().TrimEnd('/'),
        Zone = settings.TimeZone,
        DurabilityWindow = settings.DurabilityWindow,
        LateWindow = settings.LateWindow,
        Retention = settings.RetentionTime,
        RetentionBytes = settings.RetentionBytes ?? EightyPercent(settings.Data),
        StoreMemory = settings.StoreMemory ?? HubMemory.ForStore,
        RulesMemory = HubMemory.ForRules,
        LookBack = settings.QueryLookback,
        Remote = settings.Remote,
        Scrape = settings.Scrape,
        Push = new PushLimits { BodyBytesMax = (int)settings.MetricBodyBytes, ItemsMax = settings.MetricItems },
        Write = settings.Write,
        Influx = settings.Influx,
        Otlp = settings.OtlpLimits,
    };

    // Of the volume as large as it is, not of what is free of it now: what the store has itself is not free.
    private static long EightyPercent(string folder)
    {
        var there = new DirectoryInfo(folder);
        while (!there.Exists && there.Parent is { } parent)
            there = parent;
        return new DriveInfo(there.FullName).TotalSize / 10 * 8;
    }

    private Hub Open(HubPlan plan, Doors doors, ILoggerFactory logs, ScriptRuns scripts, WaysOut ways, HttpFetch fetch, ClusterWay? cluster)
    {
        var edges = new HubEdges
        {
            Time = _time,
            Random = Ambient.Random,
            Ids = Ambient.Ids,
            Disk = new RealDisk(),
            Scripts = new ScriptRunner(scripts),
            Channels = ways.Of,
            Fetch = fetch,
            Cluster = cluster,
            AskForTargets = fetch.AskForTargetsAsync,
            Resolver = StubResolver.Of(File.Exists(ResolvConf) ? File.ReadAllText(ResolvConf) : "", _time, Ambient.Random),
            Console = print,
            Logs = logs,
            // The first two block in the kernel's flush, and rules wait for nobody; all else waits without a thread.
            Start = (name, loop) => name is "ledger" or "metrics" or "rules" ? OwnThread.Run(name, loop) : Ambient.OnPool(loop),
        };
        var holder = $"pid {Environment.ProcessId} on {Environment.MachineName}, started {_time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}, listening on {string.Join(" and ", doors.EndPoints.Select(place => $"http://{place}"))}";
        try
        {
            return Hub.Open(plan, edges, holder);
        }
        catch (FolderHeldException e)
        {
            throw new HubCannotStartException($"{e.Message} Stop it, or give this one another folder with --data.");
        }
    }

    private WebApplication Build(Hub hub, Doors doors, QueryThreads threads)
    {
        // Empty: the settings are ours, so no appsettings.json is read and watched, nor a variable of the framework's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = "hms-ops" });
        builder.Logging.AddProvider(log);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>(); // signals are ours: the hub stops in its own order
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = RequestsEndWithin);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = doors.SocketOf);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (var endpoint in doors.EndPoints)
                kestrel.Listen(endpoint);
            if (doors.Otlp is { } otlp)
                kestrel.Listen(otlp, options => options.UseOtlpGrpc());
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 2_048;
            kestrel.Limits.MaxRequestLineSize = 8 << 10;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 << 10;
            kestrel.Limits.MaxRequestHeaderCount = 64;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        var page = new HubPage(hub, log, _time);
        // Rules are evaluated by one thread of their own, and out of a purse of their own: no dashboard can starve them.
        var pool = new PromPool(HubMemory.ForQueries);
        var queries = new PromEngine(hub.Series, hub.PromQL.Limits, threads.Workers, pool, hub.Cluster?.Whole);
        // None are kept where a cluster answers: nobody says what others have sent it since.
        var ranges = new RangeCache(queries, hub.Changes, hub.Cluster is null ? settings.QueryCache : 0);
        var running = new RunningQueries(_time);
        builder.Services.AddPresent(new PresentSources
        {
            Time = _time,
            Journal = hub.Journal,
            Workspace = () => hub.Workspace,
            PromQL = queries,
            Ranges = ranges,
            Queries = running,
            RunQuery = threads.RunAsync,
            Series = hub.Series,
            Metadata = metric => hub.Store?.Metadata(metric),
            AllMetadata = () => hub.Store?.Metadata() ?? [],
            Exemplars = (selection, cancellationToken) => hub.Store?.Exemplars(selection, cancellationToken) ?? [],
            RuleStanding = rule => hub.Scheduler.Standings.GetValueOrDefault(rule), // as it is when it is asked: each look replaces them
            Flags = () => PrometheusFlags.Of(settings, hub.PromQL.Limits),
            Configuration = () => SettingsYaml.Of(lines),
            Hub = page.Status,
            Store = () => hub.Store is { } store ? new StoreOrders(store, hub.Plan.DataFolder, new RealDisk(), _time, doors.IsOurs) : null,
            Push = page.PushAsync,
            Limits = new PresentLimits
            {
                MetricBodyBytes = (int)settings.MetricBodyBytes,
                MetricRead = settings.MetricRead,
                QueryTime = settings.QueryTime,
                QueriesAtOnce = 2 * Parallelism,
                LiveStreams = settings.LiveStreams,
            },
            Refusals = hub.Refusals,
            RemoteWrite = hub.RemoteWrite,
            RemoteRead = hub.RemoteRead,
            Influx = hub.Influx,
            Targets = () => hub.Scrapes?.Targets ?? HmsOps.Observe.Scrape.TargetList.Empty,
            Otlp = hub.Otlp,
            PublicUrl = hub.Plan.PublicUrl,
            Zone = settings.TimeZone,
            Hosts = HostsOf(hub.Plan),
            Metrics = () => OwnMetrics.TextOf(hub, new QueryState(running, pool, ranges), _time.GetUtcNow()),
        });
        var app = builder.Build();
        app.Use(LetItSpeakOut);
        app.MapPresent();
        return app;
    }

    /// <summary>
    /// A body over its door's limit is answered before it is read. Cut off then, a sender that does not ask first (100-continue) finds a broken line and never reads the
    /// answer; without the server's own limit the rest is read and dropped instead, for the server's 5 s at most. The door itself reads no more than its limit.
    /// </summary>
    private static Task LetItSpeakOut(HttpContext http, RequestDelegate next)
    {
        if (http.Request.ContentLength is not null && http.Request.Path == "/metric" && http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        return next(http);
    }

    private string[] HostsOf(HubPlan plan) =>
        [.. settings.Hosts, .. settings.Listen.Select(l => l.Address.ToString()), "localhost", "127.0.0.1", "::1", new Uri(plan.PublicUrl).Host];

    /// <summary>Waits for the caller, or for a loop that dies; true for the last.</summary>
    private async Task<bool> UntilToldAsync(Hub hub, CancellationToken stopping)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var toldOrPoisoned = UntilPoisonedAsync(hub, over.Token);
        await Task.WhenAny(hub.Failed, toldOrPoisoned);
        over.Cancel();
        await toldOrPoisoned;
        return hub.Failed.IsCompleted || !stopping.IsCancellationRequested;
    }

    /// <summary>Ends when the ledger can no longer be written and the settings ask the hub to end then, so that its supervisor starts it anew.</summary>
    private async Task UntilPoisonedAsync(Hub hub, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(LookAtLedgerEvery, _time);
        using var told = stopping.Register(timer.Dispose); // ends the wait; a wait that is cancelled reads its own stack's symbols first
        while (settings.OnPoison != OnPoison.Exit || hub.Journal.Log.State == LedgerState.Writable)
        {
            if (!await timer.WaitForNextTickAsync(CancellationToken.None))
                return; // the hub stops for another reason
        }
    }

    private async Task StopAsync(Hub hub, WebApplication app)
    {
        using var second = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => LeaveAtOnce());
        using var again = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => LeaveAtOnce());
        var stopped = StopInOrderAsync(hub, app);
        if (await Task.WhenAny(stopped, Task.Delay(StopWithin, _time, CancellationToken.None)) != stopped)
        {
            log.CreateLogger("hub").LogError("the hub did not stop within {Seconds} s; the next start settles what is open", StopWithin.TotalSeconds);
            LeaveAtOnce();
        }
        await stopped;
    }

    private void LeaveAtOnce()
    {
        leaving?.Invoke();
        Environment.Exit(1);
    }

    private static async Task StopInOrderAsync(Hub hub, WebApplication app)
    {
        await hub.StopAsync();
        await app.StopAsync();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
