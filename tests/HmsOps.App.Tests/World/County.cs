using System.Globalization;
using System.Text;
using HmsOps.Act.Paging;
using HmsOps.App.Running;
using HmsOps.Record.Events;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using HmsOps.Workspace;
using Microsoft.Extensions.Logging.Abstractions;

namespace HmsOps.App.Tests.World;

/// <summary>
/// The county court of chapter B in a simulated world: a docket rule that can be slow, a client that pushes what it measures, a mail server, a web hook, and the
/// real hub between them. The world outlives the hub: it can be killed and started again.
/// </summary>
internal sealed class County
{
    private const string Data = "/data";

    // An afternoon takes some tens of thousands; more than this is a loop that spins.
    private const long StepsMax = 100_000;

    private readonly Random _random;
    private int _idsMade;

    public County(int seed, params IEnumerable<(string Path, string Text)> files)
    {
        _random = new Random(seed);
        Disk = new SimulatedDisk(new Random(_random.Next()));
        Files = WorkspaceSnapshot.Of(files);
        Scripts = new SimulatedScripts(_ => DocketRule = 40);
        Now = new DateTimeOffset(2026, 11, 20, 16, 0, 0, TimeSpan.Zero);
    }

    public static (string, string)[] ChapterFiles =>
    [
        ("alerts/county_api.yml", """
            # file: alerts/county_api.yml
            metric: county_api_ms
            threshold: 1000            # ms
            window: "3m"               # over last 3 minutes
            action: "ROLLBACK:DOCKET_RULE"
            runbook: "wiki/slow-county-api"
            notify: ["oncall@opm.gov", "pager_duty"]
            """),
        ("cd/rollback_docket_rule.sh", "#!/bin/sh\nexit 0\n"),
        ("wiki/slow-county-api.md", "# Slow county API\n"),
        ("roster.yaml", """
            channels:
              smtp: {host: mail.opm.gov, port: 25, from: ops@opm.gov}
              webhook: {url: "http://127.0.0.1:9/pages"}
            """),
    ];

    public SimulatedDisk Disk { get; }

    public WorkspaceSnapshot Files { get; set; }

    public SimulatedScripts Scripts { get; }

    public SimulatedChannel Mail { get; } = new("smtp");

    public SimulatedChannel Hook { get; } = new("webhook");

    public List<string> Console { get; } = [];

    /// <summary>Version of the docket rule that is live.</summary>
    public int DocketRule { get; set; } = 40;

    public DateTimeOffset Now { get; private set; }

    /// <summary>Ids of the observations the hub said yes to.</summary>
    public HashSet<string> Acknowledged { get; } = new(StringComparer.Ordinal);

    /// <summary>Steps the last stretch took.</summary>
    public long Steps { get; private set; }

    /// <summary>Starts a hub, lives a stretch with it, and stops it in order; or, with <paramref name="killAfter"/>, kills it after so many steps. True if it ended by itself.</summary>
    public bool Live(Func<Hub, VirtualTime, Task> stretch, long killAfter = long.MaxValue)
    {
        var time = new VirtualTime(Now);
        Hub? hub = null;
        var ended = time.RunAtMost(Math.Min(killAfter, StepsMax), async () =>
        {
            hub = Hub.Open(Plan, Edges(time), "the simulation");
            await hub.StartAsync(new Feed(this, time), CancellationToken.None);
            await stretch(hub, time);
            await hub.StopAsync();
        });
        Steps = time.Steps;
        Now = time.GetUtcNow();
        if (!ended && killAfter >= StepsMax)
            throw new InvalidOperationException($"The hub turns without end at {Now:O}. Console: {string.Join(" | ", Console)}. Last entries: {string.Join(", ", hub is null ? [] : hub.Journal.ReadRange(Math.Max(0, hub.Journal.State.Size - 12), 12).Select(e => Record.EventCatalogue.NameOf(e.Event)))}");
        if (ended)
            hub?.Dispose();
        else
            Disk.Restart();
        return ended;
    }

    /// <summary>The client calls the county once: how long it took goes to the hub as chapter B's client sends it.</summary>
    public async Task CallAsync(Hub hub, VirtualTime time, double milliseconds)
    {
        var id = (++_idsMade).ToString("x32", CultureInfo.InvariantCulture);
        var body = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"name": "county_api_ms", "ts": {{time.GetUtcNow().ToUnixTimeSeconds()}}, "val": {{milliseconds}}, "id": "{{id}}"}""");
        var answer = await hub.Push.AcceptAsync(Encoding.UTF8.GetBytes(body), CancellationToken.None);
        if (answer is { Status: 200, Taken: 1 })
            Acknowledged.Add(id);
    }

    private static HubPlan Plan => new()
    {
        Name = "ops.opm.gov",
        Version = "0.1.0",
        DataFolder = Data,
        WorkspaceFolder = "/workspace",
        PublicUrl = "http://localhost:9900",
        Zone = TimeZoneInfo.Utc,
    };

    private HubEdges Edges(VirtualTime time) => new()
    {
        Time = time,
        Random = new Random(_random.Next()),
        Ids = new SeededIds(new Random(_random.Next())),
        Disk = Disk,
        Scripts = Scripts.ForHub(time),
        Channels = channels => [.. ChannelsOf(channels, time)],
        Console = Console.Add,
        Logs = NullLoggerFactory.Instance,
        Start = (_, loop) => loop(),
    };

    private IEnumerable<IChannel> ChannelsOf(Workspace.Paging.Channels channels, VirtualTime time)
    {
        if (channels.Smtp is not null)
            yield return Mail.ForHub(time);
        if (channels.Webhook is not null)
            yield return Hook.ForHub(time);
    }

    private sealed class Feed(County county, VirtualTime time) : IWorkspaceFeed
    {
        public WorkspaceSnapshot Take() => county.Files;

        public Task<ConfigCommit?> CommitAsync(CancellationToken cancellationToken) => Task.FromResult<ConfigCommit?>(null);

        public async Task WatchAsync(Func<WorkspaceSnapshot, CancellationToken, Task> changed, CancellationToken stopping)
        {
            var seen = county.Files;
            while (true)
            {
                await Task.Delay(TimeSpan.FromSeconds(2), time, stopping);
                if (!ReferenceEquals(seen, county.Files))
                    await changed(seen = county.Files, stopping);
            }
        }
    }
}
