using HmsOps.Act.Paging;
using HmsOps.Act.Targets;
using HmsOps.Disk;
using HmsOps.Net.Names;
using HmsOps.Observe.Scrape.Fetching;
using HmsOps.Record;
using HmsOps.Workspace.Paging;

namespace HmsOps.App.Running;

/// <summary>
/// Everything through which the hub touches the world. In life these are the system's; in a simulation the tests'. The rooms between them are the same code.
/// </summary>
public sealed record HubEdges
{
    public required TimeProvider Time { get; init; }

    public required Random Random { get; init; }

    public required IIds Ids { get; init; }

    public required IDisk Disk { get; init; }

    public required IScriptRunner Scripts { get; init; }

    /// <summary>The ways out for the channels the workspace names.</summary>
    public required Func<Channels, IReadOnlyList<IChannel>> Channels { get; init; }

    /// <summary>How targets are asked; null: nothing is scraped.</summary>
    public ITargetFetch? Fetch { get; init; }

    /// <summary>How lists of targets are asked for.</summary>
    public Func<Uri, CancellationToken, Task<ReadOnlyMemory<byte>>> AskForTargets { get; init; } = static (url, _) => throw new IOException($"{url} cannot be asked here");

    /// <summary>The way to the cluster of <c>storage: remote</c>; null: there is none.</summary>
    public HttpMessageHandler? Cluster { get; init; }

    /// <summary>How names are looked up.</summary>
    public IResolver? Resolver { get; init; }

    /// <summary>Standard output: the chapters' lines.</summary>
    public required Action<string> Console { get; init; }

    public required ILoggerFactory Logs { get; init; }

    /// <summary>Starts a loop under a name, on its own thread, the pool, or the one thread of a simulation.</summary>
    public required Func<string, Func<Task>, Task> Start { get; init; }
}
