using HmsOps.Ledger;
using HmsOps.Observe;
using HmsOps.Observe.Influx;
using HmsOps.Observe.Otlp;
using HmsOps.Observe.RemoteRead;
using HmsOps.Observe.RemoteWrite;
using HmsOps.PromQL;
using HmsOps.Record;
using HmsOps.Record.Events;
using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using HmsOps.Tsdb;
using HmsOps.Workspace;
using HmsOps.Workspace.Guardrails;
using HmsOps.Workspace.Paging;
using HmsOps.Workspace.Rules;

namespace HmsOps.Present.Tests.Stage;

/// <summary>
/// Chapter B's Friday, played once on the virtual clock into a real store and a real ledger: 110 ms since 15:10, the docket rule at 16:06:05, the alert at
/// 16:07:02, the rollback 3 s later, calm again at 16:08:20, and the page is opened at 16:09:12. What is left is read only.
/// </summary>
public sealed class CountyCourt
{
    public const string Metric = "county_api_ms";
    public const string Incident = "INC-2026-0001";

    private static readonly DateTimeOffset Begin = new(2026, 11, 20, 15, 10, 0, TimeSpan.Zero);
    private static readonly Labels Series = Labels.From(("__name__", Metric), ("service", "county-court-api"));

    private CountyCourt(DateTimeOffset until)
    {
        var disk = new SimulatedDisk(new Random(18));
        var time = new VirtualTime(Begin);
        Store = MetricStore.Open(disk, new MetricStoreOptions { Folder = "metrics" }, time);
        Journal = Journal.Open(replay => MerkleLog.Open(disk, "ledger", "hub/ledger", time, replay), new CountingIds());
        time.Run(() => PlayAsync(time, until));
        Clock = new StoppedClock(until);
    }

    public MetricStore Store { get; }

    public Journal Journal { get; }

    public StoppedClock Clock { get; }

    public static WorkspaceVersion Workspace { get; } = WithRule();

    /// <summary>The story to 16:09:12, when all is over.</summary>
    public static CountyCourt Over { get; } = new(At(16, 9, 12));

    /// <summary>The story to 16:07:30: rolled back, still slow over three minutes.</summary>
    public static CountyCourt Firing { get; } = new(At(16, 7, 30));

    public static DateTimeOffset At(int hour, int minute, int second) => new(2026, 11, 20, hour, minute, second, TimeSpan.Zero);

    public PresentSources Sources(Func<PresentSources, PresentSources>? change = null)
    {
        var sources = new PresentSources
        {
            Time = Clock,
            Journal = Journal,
            Workspace = () => Workspace,
            PromQL = new PromEngine(Store, PromLimits.Default),
            Series = Store,
            Metadata = Store.Metadata,
            RemoteRead = new RemoteReadOutlet(Store, new Refusals(), new ReadLimits()),
            Hub = () => Status(),
            Limits = PresentLimits.Default,
            Refusals = new Refusals(),
            Push = (body, _) => Task.FromResult(new PushReply(202, System.Text.Encoding.UTF8.GetBytes($"{{\"accepted\":{body.Length}}}"))),
            RemoteWrite = new RemoteWriteIntake(Store, new Refusals(), new WriteLimits()),
            Influx = new InfluxIntake(Store, new Refusals(), new InfluxLimits(), Clock),
            Otlp = new OtlpIntake(Store, new Refusals(), new OtlpLimits(), Clock),
            PublicUrl = "http://127.0.0.1:9900",
            Zone = TimeZoneInfo.Utc,
            Hosts = ["127.0.0.1", "localhost"],
            Metrics = () => "hms_up 1\n",
        };
        return change is null ? sources : change(sources);
    }

    public HubStatus Status() => new()
    {
        Stage = HubStage.Ready,
        Version = "0.1.0",
        Name = "ops/3f9a01c2",
        StartedAt = Begin,
        Series = Store.Counts.Series,
        Samples = Store.Counts.Samples,
        Refused = [new("metric", "name missing", 3)],
        LedgerSize = Journal.Log.Size,
        LedgerRoot = Journal.Log.Root.ToString(),
        LogBytes = 48_120,
        Log = ["2026-11-20T15:10:00.012Z info hub: ready", "2026-11-20T16:07:02.001Z info decide: county_api_ms fired"],
    };

    private static WorkspaceVersion WithRule()
    {
        const string Value = "histogram_avg(sum by (service) (rate(county_api_ms[3m]))) or avg by (service) (avg_over_time(county_api_ms[3m]))";
        var rule = new Rule
        {
            Id = "9f3c21aa00b1c2d3",
            Citation = "alerts/county_api.yml#county_api_ms@9f3c21",
            Name = Metric,
            Metric = Metric,
            Value = PromParser.Parse(Value).Expression ?? throw new InvalidOperationException("The rule's value is no PromQL."),
            Op = Comparison.Greater,
            Threshold = 1_000,
            Unit = "ms",
            Window = "3m",
            Action = new RuleAction("ROLLBACK:DOCKET_RULE", "rollback_docket_rule"),
            Notify = ["oncall@opm.gov", "pager_duty"],
            Runbook = "wiki/slow-county-api",
            Source = new SourceSpan("alerts/county_api.yml", 2, 1),
            Text = "metric: county_api_ms",
        };
        return new WorkspaceVersion
        {
            Hash = new string('b', 64),
            Rules = [rule],
            Channels = Channels.None,
            Limits = ActLimits.Default,
            Scripts = new Dictionary<string, ScriptFile> { ["rollback_docket_rule"] = new("scripts/rollback_docket_rule.sh", new string('c', 64)) },
            Files =
            [
                new("alerts/county_api.yml", new string('a', 64), FileState.InForce, "rules"),
                new("alerts/permits.yml", new string('d', 64), FileState.LastGood, "rules"),
                new("scripts/rollback_docket_rule.sh", new string('c', 64), FileState.InForce, "script"),
            ],
            Diagnostics = [new("alerts/permits.yml", 2, 1, 2, 9, "E031", Severity.Error, "'treshold' is not a key of a metric rule.", "Write threshold: and a number.", "threshold")],
        };
    }

    private async Task PlayAsync(VirtualTime time, DateTimeOffset until)
    {
        using var stopping = new CancellationTokenSource();
        var loops = Task.WhenAll(Store.RunAsync(stopping.Token), Journal.Log.RunAsync(stopping.Token));
        var entries = Entries();
        var next = 0;
        var noise = new Random(7);
        var batch = new ObservationBatch();
        while (time.GetUtcNow() < until)
        {
            batch.Clear();
            batch.Add(new Observation(Series, Latency(time.GetUtcNow(), noise), ""));
            batch.Add(new Observation(Series, Latency(time.GetUtcNow(), noise), ""));
            await Store.ObserveAsync(batch, stopping.Token);
            for (; next < entries.Count && entries[next].At <= time.GetUtcNow(); next++)
                await entries[next].Write(Journal);
            await Task.Delay(TimeSpan.FromSeconds(1), time, stopping.Token);
        }
        stopping.Cancel();
        await loops;
    }

    private static double Latency(DateTimeOffset at, Random noise)
    {
        var calm = 96 + (noise.NextDouble() * 30);
        if (at < At(16, 6, 5) || at > At(16, 7, 24))
            return calm;
        var slow = 3_900 + (noise.NextDouble() * 240);
        return at < At(16, 7, 5) ? slow : slow - ((at - At(16, 7, 5)).TotalSeconds / 19 * (slow - calm));
    }

    private static IReadOnlyList<(DateTimeOffset At, Func<Journal, Task> Write)> Entries()
    {
        var alert = new AlertRef("9f3c21aa00b1c2d3", "77aa", Metric, Metric, new SortedDictionary<string, string> { ["service"] = "county-court-api" });
        const string Episode = "9f3c21aa00b1c2d3/77aa/1";
        Envelope? fired = null;
        Envelope? intent = null;
        (DateTimeOffset, Func<Journal, Task>) Say(DateTimeOffset at, Func<OpsEvent> happened, string actor, string? key = null, Func<Envelope?>? cause = null, string? incident = null, Action<Envelope>? keep = null) =>
            (at, async journal =>
            {
                var entry = await journal.WriteAsync(
                    new EventDraft(happened(), actor) { Key = key, Cause = cause?.Invoke()?.Id, Incident = incident }, CancellationToken.None);
                keep?.Invoke(entry);
            }
        );
        var a = At(16, 7, 2);
        return
        [
            Say(Begin, () => new HubStarted("0.1.0", "ops/3f9a01c2", Begin), "system:hub"),
            Say(Begin, () => new ConfigApplied(new string('b', 64), null, [new("alerts/county_api.yml", new string('a', 64), "added")], [Metric], [], [], 1, Begin), "system:workspace"),
            Say(Begin, () => new ConfigRejected("alerts/permits.yml", 2, 1, "E031", "'treshold' is not a key of a metric rule.", "Write threshold: and a number.", Begin), "system:workspace"),
            Say(a, () => new AlertFired(
                alert, 1_240, 1_000, ">", "ms", "3m", "avg over 3m > 1000", "high", "ROLLBACK:DOCKET_RULE", "rollback_docket_rule", ["oncall@opm.gov", "pager_duty"],
                "wiki/slow-county-api", "alerts/county_api.yml:2", new string('b', 64), a, new AlertEvidence(a.AddMinutes(-3), a, [110, 112, 640, 1_240])), "system:decide", Episode, keep: e => fired = e),
            Say(a, () => new IncidentOpened(Incident, "county-court-api", "county_api_ms 1240 ms, over 1000 ms", "high", Episode, a), "system:act", cause: () => fired, incident: Incident),
            Say(a, () => new PageQueued("p1", "fire", "oncall@opm.gov", Episode, null, a), "system:decide", cause: () => fired),
            Say(a, () => new PageQueued("p2", "fire", "pager_duty", Episode, null, a), "system:decide", cause: () => fired),
            Say(a.AddSeconds(1), () => new ActIntended(
                "script", "county-court-api", "ROLLBACK:DOCKET_RULE", "scripts/rollback_docket_rule.sh", new string('c', 64), Episode, 0,
                "ALERT county_api_ms 1240 ms (threshold 1000), rule alerts/county_api.yml:2",
                [new("rollbacks_per_hour", true, "0 of 2 this hour"), new("cooldown", true, "no rollback in the last 10 min"), new("one_in_flight", true, "nothing else is being done")],
                "plan", TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5), a.AddSeconds(1)), "system:act", cause: () => fired, incident: Incident, keep: e => intent = e),
            Say(a.AddSeconds(1), () => new PageSending("p1", "smtp", 1, a.AddSeconds(1)), "system:act"),
            Say(a.AddSeconds(2), () => new PageAccepted("p1", "smtp", "250 2.0.0 Ok: queued as 4F1", a.AddSeconds(2)), "system:act"),
            Say(a.AddSeconds(2), () => new PageFailed("p2", "webhook", "https://events.example/v2 refused the connection", false, null, a.AddSeconds(2)), "system:act"),
            Say(a.AddSeconds(3), () => new ActBegun(intent!.Id, 0, 1, "e1", a.AddSeconds(3)), "system:act", cause: () => intent, incident: Incident), // not null: written above
            Say(a.AddSeconds(5), () => new ActDone(intent!.Id, 0, 1, "exit 0", "docket rule v41 -> v40\n3 of 3 copies\n", TimeSpan.FromSeconds(2), a.AddSeconds(5)), "system:act", cause: () => intent, incident: Incident),
            Say(a.AddSeconds(5), () => new ActSettled(intent!.Id, "succeeded", "exit 0", a.AddSeconds(5)), "system:act", cause: () => intent, incident: Incident),
            Say(At(16, 8, 20), () => new AlertResolved(alert, 112, "ms", "condition", At(16, 8, 20)), "system:decide", cause: () => fired),
            Say(At(16, 8, 20), () => new IncidentResolved(Incident, At(16, 8, 20)), "system:act", incident: Incident),
        ];
    }
}
