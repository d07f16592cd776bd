using System.Net;
using System.Runtime.InteropServices;
using HmsOps.Act.Paging;
using HmsOps.Act.Paging.Smtp;
using HmsOps.Act.Paging.Webhook;
using HmsOps.Act.Targets.Script;
using HmsOps.Disk;
using HmsOps.Present;
using HmsOps.Workspace.Folder;
using HmsOps.Workspace.Paging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HmsOps.App.Running;

/// <summary>A hub with its door open: the rooms, and Kestrel in front of them. Lives until a signal, or until a loop dies.</summary>
internal sealed class HubServer(HubPlan plan, IPEndPoint listen, HubLog log, Action<string> print)
{
    // Open requests get this long after the last order was taken.
    private static readonly TimeSpan RequestsEndWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time = Ambient.Time;

    /// <summary>Runs the hub; answers true when it stopped in order, false when it could not go on.</summary>
    /// <exception cref="HubCannotStartException">Named, with what to do.</exception>
    public async Task<bool> RunAsync(Action<Uri>? ready, CancellationToken stopping)
    {
        var began = _time.GetTimestamp();
        using var logs = LoggerFactory.Create(b => b.AddProvider(log).SetMinimumLevel(LogLevel.Trace));
        using var scripts = new ScriptRunner($"{plan.DataFolder}/run/scripts", _time);
        using var hub = Open(logs, scripts);
        var app = Build(hub);
        await using var _ = app;
        await BindAsync(app);
        var address = AddressOf(app);
        try
        {
            await hub.StartAsync(new FolderFeed(new WorkspaceFolder(plan.WorkspaceFolder), _time), stopping);
            print($"HMS-OPS is up on {address.ToString().TrimEnd('/')} ({_time.GetElapsedTime(began).TotalSeconds:0.0} s)");
            ready?.Invoke(address);
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

    private Hub Open(ILoggerFactory logs, ScriptRunner scripts)
    {
        var secrets = new Secrets(plan.DataFolder);
        var edges = new HubEdges
        {
            Time = _time,
            Random = Ambient.Random,
            Ids = Ambient.Ids,
            Disk = new RealDisk(),
            Scripts = scripts,
            Channels = channels => ChannelsOf(channels, secrets),
            Console = print,
            Logs = logs,
            // These two block in the kernel's flush; all else waits without a thread.
            Start = (name, loop) => name is "ledger" or "metrics" ? OwnThread.Run(name, loop) : Ambient.OnPool(loop),
        };
        var holder = $"pid {Environment.ProcessId} on {Environment.MachineName}, started {_time.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}, listening on {listen}";
        try
        {
            return Hub.Open(plan, edges, holder);
        }
        catch (FolderHeldException e)
        {
            throw new HubCannotStartException($"{e.Message} Stop it, or give this one another folder with --data.");
        }
    }

    private List<IChannel> ChannelsOf(Channels channels, Secrets secrets)
    {
        var list = new List<IChannel>();
        if (channels.Smtp is { } smtp)
            list.Add(new SmtpPages(smtp, secrets.Read, _time));
        if (channels.Webhook is { } webhook)
            list.Add(new WebhookPages(webhook, secrets.Read, _time));
        return list;
    }

    private WebApplication Build(Hub hub)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, ApplicationName = "hms-ops" });
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(log);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>(); // signals are ours: the hub stops in its own order
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = RequestsEndWithin);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(listen);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 2_048;
            kestrel.Limits.MaxRequestLineSize = 8 << 10;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 << 10;
            kestrel.Limits.MaxRequestHeaderCount = 64;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        var page = new HubPage(hub, log, _time);
        builder.Services.AddPresent(new PresentSources
        {
            Time = _time,
            Journal = hub.Journal,
            Workspace = () => hub.Workspace,
            PromQL = hub.PromQL,
            Hub = page.Status,
            Push = page.PushAsync,
            PublicUrl = plan.PublicUrl,
            Zone = plan.Zone,
            Hosts = HostsOf(),
            Metrics = () => OwnMetrics.TextOf(hub, _time.GetUtcNow()),
        });
        var app = builder.Build();
        app.MapPresent();
        return app;
    }

    private string[] HostsOf() => [listen.Address.ToString(), "localhost", "127.0.0.1", "::1", new Uri(plan.PublicUrl).Host];

    private async Task BindAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (IOException e)
        {
            throw new HubCannotStartException($"{listen} cannot be listened on: {e.InnerException?.Message ?? e.Message}. Stop what listens there, or choose another with --listen ADDR:PORT (port 0 takes a free one).");
        }
    }

    private static Uri AddressOf(WebApplication app) =>
        new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First()
            ?? throw new InvalidOperationException("Kestrel listens and names no address."));

    /// <summary>Waits for a signal, the caller, or a loop that dies; true for the last.</summary>
    private static async Task<bool> UntilToldAsync(Hub hub, CancellationToken stopping)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Tell);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Tell);
        using var cancelled = stopping.Register(() => told.TrySetResult());
        return await Task.WhenAny(told.Task, hub.Failed) == hub.Failed;

        void Tell(PosixSignalContext signal)
        {
            signal.Cancel = true;
            told.TrySetResult();
        }
    }

    private async Task StopAsync(Hub hub, WebApplication app)
    {
        using var second = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Environment.Exit(1));
        using var again = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Environment.Exit(1));
        var stopped = StopInOrderAsync(hub, app);
        if (await Task.WhenAny(stopped, Task.Delay(StopWithin, _time, CancellationToken.None)) != stopped)
        {
            log.CreateLogger("hub").LogError("the hub did not stop within {Seconds} s; the next start settles what is open", StopWithin.TotalSeconds);
            Environment.Exit(1);
        }
        await stopped;
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
