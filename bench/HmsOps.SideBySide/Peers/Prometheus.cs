namespace HmsOps.SideBySide.Peers;

/// <summary>Debian's Prometheus. Its final form is a snapshot: the head as a block beside the blocks there are.</summary>
internal sealed class Prometheus : Peer
{
    public override string Name => "prometheus";

    public override string Program => "prometheus";

    public override string Version => FirstLine("prometheus", "--version");

    public override bool KnowsNativeHistograms => true;

    public override string ReadyPath => "/-/ready";

    public override IReadOnlyList<string> Flags =>
        ["--web.enable-remote-write-receiver", "--web.enable-admin-api", "--storage.tsdb.retention.time=30d", "--query.max-samples=500000000", "--enable-feature=native-histograms", "--log.level=warn"];

    public override IEnumerable<string> Arguments(string folder, int port)
    {
        var config = Path.Combine(folder, "prometheus.yml");
        File.WriteAllText(config, "global: {}\n");
        return [$"--config.file={config}", $"--storage.tsdb.path={Path.Combine(folder, "data")}", $"--web.listen-address=127.0.0.1:{port}", .. Flags];
    }

    public override async Task<CompactForm> CompactAsync(Server server, CancellationToken cancellationToken)
    {
        await PostAsync(server, "/api/v1/admin/tsdb/snapshot", cancellationToken);
        var snapshots = new DirectoryInfo(Path.Combine(server.Folder, "data", "snapshots"));
        var index = snapshots.EnumerateFiles("index", SearchOption.AllDirectories).Sum(f => f.Length);
        return new CompactForm(ProcessCost.DiskBytes(snapshots.FullName), index);
    }
}
