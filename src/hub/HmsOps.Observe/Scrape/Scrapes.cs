using HmsOps.Net.Names;
using HmsOps.Observe.Scrape.Discovery;
using HmsOps.Observe.Scrape.Fetching;
using HmsOps.Series;
using HmsOps.Workspace.Scraping;
using Microsoft.Extensions.Logging;

namespace HmsOps.Observe.Scrape;

/// <summary>
/// All targets: what the workspace names, what discovery finds, and what Act runs. A change starts and ends loops of the targets it is about; every other target keeps its
/// loop, its memory and its place in the interval.
/// </summary>
public sealed class Scrapes
{
    // An edit of the workspace, or a new replica, is scraped within this time.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RunFilesEvery = TimeSpan.FromSeconds(2);

    private readonly ScrapeEdges _edges;
    private readonly ISeriesSink _sink;
    private readonly Refusals _refusals;
    private readonly ScrapeLimits _limits;
    private readonly ILogger _log;
    private readonly BatchPool _batches = new();
    private readonly Dictionary<string, TargetScrape> _loops = [];
    private readonly Dictionary<object, (TargetSource Source, CancellationTokenSource Stop)> _sources = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, ScrapeSet> _unnamed = [];
    private readonly FileSource _run;
    private IReadOnlyList<object?> _seen = [];
    private IReadOnlyList<DroppedTarget> _dropped = [];
    private IReadOnlyList<TargetScrape> _active = [];
    private IReadOnlyList<string> _problems = [];
    private bool _isFirst = true;

    public Scrapes(ScrapeEdges edges, ISeriesSink sink, Refusals refusals, ScrapeLimits limits, ILogger log)
    {
        ArgumentNullException.ThrowIfNull(edges);
        (_edges, _sink, _refusals, _limits, _log) = (edges, sink, refusals, limits, log);
        _run = new FileSource(edges.RunFolder, ["*.json"], RunFilesEvery, edges.Time);
    }

    /// <summary>Every target as it is now. Safe to read from any thread.</summary>
    public TargetList Targets => new(
        [.. Volatile.Read(ref _active).Select(loop => loop.Watched).OrderBy(watched => watched.Target.Key, StringComparer.Ordinal)],
        Volatile.Read(ref _dropped), Volatile.Read(ref _problems));

    /// <summary>When the loop last looked; null before the first time.</summary>
    public DateTimeOffset? LastTurn { get; private set; }

    /// <summary>Looks for changes until stopped; what it started ends with it.</summary>
    public async Task RunAsync(Func<IReadOnlyList<ScrapeSet>> sets, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(sets);
        var started = new List<Task> { _edges.Start("targets run", () => _run.RunAsync(stopping)) };
        try
        {
            while (true)
            {
                Look(sets(), started, stopping);
                LastTurn = _edges.Time.GetUtcNow();
                started.RemoveAll(task => task.IsCompletedSuccessfully);
                await Task.Delay(LookEvery, _edges.Time, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop.
        }
        await Task.WhenAll(started);
        foreach (var (_, stop) in _sources.Values)
            stop.Dispose();
    }

    private void Look(IReadOnlyList<ScrapeSet> sets, List<Task> started, CancellationToken stopping)
    {
        KeepSources(sets, started, stopping);
        foreach (var (key, loop) in _loops.Where(each => each.Value.IsOver).ToList())
        {
            _loops.Remove(key);
            if (!loop.IsLeaving)
                _seen = []; // it came back a moment too late: it is started anew
        }
        IReadOnlyList<object?> seen = [sets, _run.Found, .. _sources.Values.Select(each => each.Source.Found)];
        Volatile.Write(ref _problems, [.. _sources.Values.Select(each => each.Source.Problem).Append(_run.Problem).OfType<string>()]);
        if (seen.SequenceEqual(_seen, ReferenceEqualityComparer.Instance))
            return;
        _seen = seen;
        Apply(sets, started, stopping);
        _isFirst = false;
    }

    private void Apply(IReadOnlyList<ScrapeSet> sets, List<Task> started, CancellationToken stopping)
    {
        var wanted = new Dictionary<string, ScrapeTarget>();
        var dropped = new List<DroppedTarget>();
        foreach (var (set, group) in Found(sets))
        {
            foreach (var address in group.Addresses)
            {
                var (target, discovered, problem) = ScrapeTarget.Of(set, [.. group.Labels, new("__address__", address)]);
                if (target is not null)
                    wanted.TryAdd(target.Key, target);
                else
                    dropped.Add(new DroppedTarget(set.Job, discovered, problem));
            }
        }
        // Until a place was looked at for the first time, what is scraped of its job goes on.
        var waiting = sets.Where(set => SourcesOf(set).Any(key => _sources[key].Source.Found is null)).Select(set => set.Job).ToHashSet();
        foreach (var (key, loop) in _loops)
        {
            if (wanted.Remove(key, out var target))
                loop.Adopt(target);
            else if (!waiting.Contains(loop.Target.Set.Job))
                loop.Leave();
        }
        foreach (var target in wanted.Values)
            StartLoop(target, started, stopping);
        Volatile.Write(ref _dropped, dropped);
        Volatile.Write(ref _active, [.. _loops.Values.Where(loop => !loop.IsLeaving)]);
    }

    private void StartLoop(ScrapeTarget target, List<Task> started, CancellationToken stopping)
    {
        var loop = new TargetScrape(target, _edges.Fetch, _sink, _refusals, _limits, _batches, _edges.Time, _log);
        _loops.Add(target.Key, loop);
        // All at once would be a storm after each start; one that comes later is wanted now.
        var atOnce = !_isFirst;
        started.Add(_edges.Start($"scrape {target.Set.Job} {target.Url}", () => loop.RunAsync(atOnce, stopping)));
    }

    private IEnumerable<(ScrapeSet Set, TargetGroup Group)> Found(IReadOnlyList<ScrapeSet> sets)
    {
        // What Act runs first: where a manifest names the address of a replica too, the replica's labels say more.
        foreach (var group in _run.Found ?? [])
            yield return (SetOf(group, sets), group);
        var running = (_run.Found ?? []).SelectMany(group => group.Addresses).ToHashSet();
        foreach (var set in sets)
        {
            foreach (var (addresses, labels) in set.Static.Select(each => (each.Addresses, each.Labels)))
                yield return (set, new TargetGroup([.. addresses.Where(address => set.Service.Length == 0 || !running.Contains(address))], labels));
            foreach (var group in SourcesOf(set).SelectMany(key => _sources[key].Source.Found ?? []))
                yield return (set, group);
        }
    }

    // A replica is asked as its service's manifest says.
    private ScrapeSet SetOf(TargetGroup group, IReadOnlyList<ScrapeSet> sets)
    {
        var service = group.Labels.FirstOrDefault(label => label.Key == "service").Value ?? "";
        if (service.Length > 0 && sets.FirstOrDefault(set => set.Service == service) is { } known)
            return known;
        if (!_unnamed.TryGetValue(service, out var set))
            _unnamed.Add(service, set = new ScrapeSet { Job = service.Length > 0 ? service : "run", Service = service, Citation = "run/targets" });
        return set;
    }

    private void KeepSources(IReadOnlyList<ScrapeSet> sets, List<Task> started, CancellationToken stopping)
    {
        var wanted = sets.SelectMany(SourcesOf).ToHashSet(ReferenceEqualityComparer.Instance);
        foreach (var (key, (_, stop)) in _sources.Where(each => !wanted.Contains(each.Key)).ToList())
        {
            stop.Cancel();
            stop.Dispose();
            _sources.Remove(key);
        }
        foreach (var key in wanted.Where(key => key is not null && !_sources.ContainsKey(key)))
        {
            var source = key switch
            {
                FileTargets files => new FileSource(_edges.WorkspaceFolder, files.Paths, files.Every, _edges.Time),
                HttpTargets http => new HttpSource(http, _edges.AskForTargets, _edges.Time),
                _ => (TargetSource)new DnsSource((DnsTargets)key!, _edges.Resolver, _edges.Time), // the third kind there is; not null, filtered above
            };
            var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            var token = stop.Token;
            _sources.Add(key!, (source, stop));
            started.Add(_edges.Start("targets found", () => source.RunAsync(token)));
        }
    }

    private static IEnumerable<object> SourcesOf(ScrapeSet set) => [.. set.Files, .. set.Http, .. set.Dns];
}

/// <summary>Everything through which scraping touches the world.</summary>
public sealed record ScrapeEdges
{
    public required TimeProvider Time { get; init; }

    public required ITargetFetch Fetch { get; init; }

    public required IResolver Resolver { get; init; }

    /// <summary>Fetches a list of targets; <see cref="IOException"/> says why it could not.</summary>
    public required Func<Uri, CancellationToken, Task<ReadOnlyMemory<byte>>> AskForTargets { get; init; }

    /// <summary>Where the files of targets of imported jobs lie.</summary>
    public required string WorkspaceFolder { get; init; }

    /// <summary>Where Act says what it runs.</summary>
    public required string RunFolder { get; init; }

    /// <summary>Starts a loop under a name.</summary>
    public required Func<string, Func<Task>, Task> Start { get; init; }
}
