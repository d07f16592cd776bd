using System.Text;
using HmsOps.Net.Names;
using HmsOps.Observe.Exposition;
using HmsOps.Observe.Scrape;
using HmsOps.Observe.Scrape.Fetching;
using HmsOps.Simulation.Time;
using HmsOps.Workspace;
using HmsOps.Workspace.Scraping;
using Microsoft.Extensions.Logging.Abstractions;

namespace HmsOps.Observe.Tests.Scrape;

/// <summary>Scraping in virtual time: targets are functions of the time since the start.</summary>
internal sealed class ScrapeWorld : ITargetFetch, IResolver
{
    public VirtualTime Time { get; } = VirtualTime.OnFridayAfternoon();

    public RecordingSink Sink { get; set; } = new();

    public Refusals Refusals { get; } = new();

    public ScrapeLimits Limits { get; init; } = new();

    public DateTimeOffset Start { get; }

    /// <summary>What a target answers, by host; null never comes.</summary>
    public Dictionary<string, Func<double, string?>> Answers { get; } = [];

    public Dictionary<string, string> Lists { get; } = [];

    public Dictionary<string, DnsRecord[]> Names { get; } = [];

    public IReadOnlyList<ScrapeSet> Sets { get; set; } = [];

    public string Folder { get; init; } = "/nonexistent";

    public Scrapes Scrapes { get; private set; } = null!; // made by the constructor's end

    public ScrapeWorld()
    {
        Start = Time.GetUtcNow();
    }

    public static IReadOnlyList<ScrapeSet> SetsOf(string yaml, string path = "services/a.yaml")
    {
        var version = WorkspaceReader.Read(WorkspaceSnapshot.Of((path, yaml)), null);
        Assert.DoesNotContain(version.Diagnostics, d => d.Severity == Severity.Error);
        return version.Scrapes;
    }

    /// <summary>Lets time pass, doing something at each of the given seconds.</summary>
    public void Run(double seconds, params (double At, Action Do)[] deeds) => Time.Run(async () =>
    {
        Scrapes = new Scrapes(
            new ScrapeEdges
            {
                Time = Time,
                Fetch = this,
                Resolver = this,
                AskForTargets = (url, _) => Lists.TryGetValue(url.ToString(), out var list) ? Task.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(list)) : throw new IOException("away"),
                WorkspaceFolder = Folder,
                RunFolder = Folder + "/run",
                Start = (_, loop) => loop(),
            },
            Sink, Refusals, Limits, NullLogger.Instance);
        using var stop = new CancellationTokenSource();
        var loop = Scrapes.RunAsync(() => Sets, stop.Token);
        foreach (var (at, action) in deeds)
        {
            await Task.Delay(Start + TimeSpan.FromSeconds(at) - Time.GetUtcNow(), Time, CancellationToken.None);
            action();
        }
        await Task.Delay(Start + TimeSpan.FromSeconds(seconds) - Time.GetUtcNow(), Time, CancellationToken.None);
        stop.Cancel();
        await loop;
    });

    public async Task<FetchOutcome> FetchAsync(ScrapeTarget target, CancellationToken cancellationToken)
    {
        var answer = Answers[target.Url.Host]((Time.GetUtcNow() - Start).TotalSeconds);
        if (answer is null)
            await Task.Delay(Timeout.InfiniteTimeSpan, Time, cancellationToken);
        return answer!.StartsWith('!') // it never ends when it is null
            ? new FetchOutcome.Failed("status", answer[1..])
            : new FetchOutcome.Answered(FetchedBody.Of(Encoding.UTF8.GetBytes(answer)), answer.EndsWith("# EOF\n", StringComparison.Ordinal) ? ExpositionFormat.OpenMetrics : ExpositionFormat.Text);
    }

    public Task<IReadOnlyList<DnsRecord>> LookUpAsync(string name, DnsType type, CancellationToken cancellationToken) =>
        Names.TryGetValue(name, out var records) ? Task.FromResult<IReadOnlyList<DnsRecord>>(records) : throw new ResolveException($"{name} does not exist");
}
