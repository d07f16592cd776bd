using System.Diagnostics;

namespace HmsOps.SideBySide.Peers;

/// <summary>Debian's VictoriaMetrics, the single server. Its final form is what a forced merge leaves.</summary>
internal sealed class VictoriaMetrics : Peer
{
    private static readonly TimeSpan MergedWithin = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    public override string Name => "victoria-metrics";

    public override string Program => "victoria-metrics";

    // Debian's build was not told its version: it says an empty line.
    public override string Version => FirstLine("victoria-metrics", "--version") is { Length: > 0 } said ? said : FirstLine("dpkg-query", "-W", "-f", "${Package} ${Version}", "victoria-metrics");

    public override bool KnowsNativeHistograms => false;

    public override string ReadyPath => "/health";

    // The limits let it answer about a million series, which it refuses as it comes.
    public override IReadOnlyList<string> Flags =>
    [
        "-retentionPeriod=1", "-search.latencyOffset=0s", "-search.disableCache", "-search.maxUniqueTimeseries=3000000", "-search.maxSeries=3000000", "-search.maxQueryDuration=5m",
        "-loggerLevel=WARN",
    ];

    public override IEnumerable<string> Arguments(string folder, int port) =>
        [$"-storageDataPath={Path.Combine(folder, "data")}", $"-httpListenAddr=127.0.0.1:{port}", .. Flags];

    public override async Task<CompactForm> CompactAsync(Server server, CancellationToken cancellationToken)
    {
        await GetAsync(server, "/internal/force_flush", cancellationToken);
        await GetAsync(server, "/internal/force_merge", cancellationToken); // answers at once and goes on
        var begun = Stopwatch.GetTimestamp();
        do
        {
            if (Stopwatch.GetElapsedTime(begun) > MergedWithin)
                throw new NotMeasuredException($"was still merging after {MergedWithin.TotalMinutes} minutes");
            await Task.Delay(LookEvery, cancellationToken); // the first one before it has counted itself as begun
        }
        while (!(await GetAsync(server, "/metrics", cancellationToken)).Contains("\nvm_active_force_merges 0\n", StringComparison.Ordinal));
        var data = Path.Combine(server.Folder, "data");
        return new CompactForm(
            ProcessCost.DiskBytes(Path.Combine(data, "data")) + ProcessCost.DiskBytes(Path.Combine(data, "indexdb")), ProcessCost.DiskBytes(Path.Combine(data, "indexdb")));
    }

    private static async Task<string> GetAsync(Server server, string path, CancellationToken cancellationToken)
    {
        using var answer = await server.Http.GetAsync(path, cancellationToken);
        await NotMeasuredException.UnlessSuccessAsync(answer, cancellationToken);
        return await answer.Content.ReadAsStringAsync(cancellationToken);
    }
}
