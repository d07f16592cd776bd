using HmsOps.Disk;
using HmsOps.Net.Egress;
using HmsOps.Observe.History;
using HmsOps.Observe.Prometheus.Blocks;
using HmsOps.Observe.RemoteRead;
using HmsOps.Present;
using HmsOps.Series;
using HmsOps.Tsdb;

namespace HmsOps.App.Running;

/// <summary>What people order of the metric store, by the API of a running hub or by a verb on a stopped one's folder.</summary>
/// <param name="store">The store; it runs.</param>
/// <param name="dataFolder">The folder of all that the hub keeps.</param>
/// <param name="disk">Where folders of other stores are read.</param>
/// <param name="time">The clock.</param>
/// <param name="isOurs">Which places are this hub's own doors: it does not read from itself.</param>
internal sealed class StoreOrders(MetricStore store, string dataFolder, IDisk disk, TimeProvider time, Func<System.Net.IPEndPoint, bool> isOurs) : IStoreOrders
{
    private const string MetaFile = "meta.json";

    /// <inheritdoc/>
    public StoreSize Size
    {
        get
        {
            var counts = store.Counts;
            return new StoreSize(
                counts.Series, counts.Samples, counts.LateSamples, counts.MemoryBytes, counts.Blocks, counts.BlockBytes, counts.LogBytes, counts.CheckpointBytes,
                Moment(counts.SealedUpTo), Moment(counts.Newest), counts.LastSealFailure);
        }
    }

    /// <inheritdoc/>
    public string SnapshotsFolder => $"{Path.GetFullPath(dataFolder)}/snapshots";

    /// <inheritdoc/>
    public Task CompactAsync(CancellationToken cancellationToken) => store.CompactAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<long> SnapshotAsync(string folder, CancellationToken cancellationToken) => Path.IsPathFullyQualified(folder)
        ? store.SnapshotAsync($"{folder.TrimEnd('/')}/metrics", cancellationToken)
        : throw new StoreOrderException($"'{folder}' is not a whole path, and where the hub was started is a guess. Write it from the root on.");

    /// <inheritdoc/>
    public Task<StoreFindings> VerifyAsync(CancellationToken cancellationToken) => Task.FromResult(FindingsOf(store.Verify(cancellationToken)));

    /// <inheritdoc/>
    public async Task<StoreDeletion> DeleteAsync(IReadOnlyList<Matcher> matchers, long from, long to, CancellationToken cancellationToken)
    {
        var answer = await store.DeleteAsync(matchers, from, to, cancellationToken);
        return new StoreDeletion(answer.SeriesInBlocks, answer.SamplesInMemory);
    }

    /// <inheritdoc/>
    public async Task<StoreImport> ImportAsync(StoreImportFrom from, CancellationToken cancellationToken)
    {
        var tally = new ImportTally();
        try
        {
            if (from.Address is { } address)
            {
                using var http = Client();
                using var history = new RemoteReadHistory(http, PlanOf(address, from), time);
                await TakeAsync(history, from, tally, cancellationToken);
            }
            else
            {
                foreach (var folder in BlockFolders(from.Blocks!)) // one of the two is there
                {
                    using var block = PrometheusBlock.Open(disk, folder);
                    if (block.Meta.MinTime <= from.To && block.Meta.MaxTime > from.From)
                        await TakeAsync(block, from, tally, cancellationToken);
                }
            }
        }
        catch (Exception failure) when (failure is HistoryDamagedException or HistoryUnavailableException)
        {
            throw new StoreOrderException($"{failure.Message} {tally.Taken} samples were taken before that; the same order may be given again.");
        }
        return tally.Answer;
    }

    /// <summary>A report in the words of the API.</summary>
    public static StoreFindings FindingsOf(StoreReport report) => new(report.Blocks, report.Checkpoints, report.Frames, report.Faults);

    private static DateTimeOffset? Moment(long? milliseconds) => milliseconds is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;

    private async Task TakeAsync(IHistorySource history, StoreImportFrom from, ImportTally tally, CancellationToken cancellationToken)
    {
        await foreach (var batch in history.ReadAsync(cancellationToken))
            tally.Add(batch.Count, await store.ImportAsync(batch, from.From, from.To, cancellationToken));
        tally.AddDamage(history.Damage);
    }

    // All time there can be is cut down to what the store keeps: a question is asked for each slice of it.
    private RemoteReadPlan PlanOf(Uri address, StoreImportFrom from)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        return new RemoteReadPlan { Address = address, From = Math.Max(from.From, store.OldestKept), To = Math.Min(from.To, now) };
    }

    // A block itself, or a folder of blocks as Prometheus keeps them, oldest first.
    private List<string> BlockFolders(string folder)
    {
        folder = folder.TrimEnd('/');
        if (!Directory.Exists(folder))
            throw new StoreOrderException($"{folder}: there is no such folder on the hub's machine.");
        if (disk.Exists($"{folder}/{MetaFile}"))
            return [folder];
        var found = Directory.GetDirectories(folder).Where(below => disk.Exists($"{below}/{MetaFile}")).Order(StringComparer.Ordinal).ToList();
        return found.Count > 0 ? found : throw new StoreOrderException($"{folder} holds no block of Prometheus: neither {MetaFile} nor folders with one.");
    }

    private HttpClient Client() => new(EgressRule.Handler(place => isOurs(place) ? "the hub's own door" : null)) { Timeout = Timeout.InfiniteTimeSpan }; // the walk has a patience of its own

    private sealed class ImportTally
    {
        private readonly SortedDictionary<string, long> _refused = [];
        private readonly List<string> _damage = [];
        private string? _first;
        private long _samples;

        public long Taken { get; private set; }

        public StoreImport Answer => new(_samples, Taken, _refused, _first, _damage);

        public void Add(int samples, AppendResult result)
        {
            (_samples, Taken) = (_samples + samples, Taken + result.Taken);
            foreach (var refused in result.Refused)
            {
                _refused[refused.Reason] = _refused.GetValueOrDefault(refused.Reason) + 1;
                _first ??= refused.Detail;
            }
        }

        public void AddDamage(HistoryDamage damage) => _damage.AddRange(damage.Named);
    }
}
