using HmsOps.Disk;
using HmsOps.Tsdb.Blocks;

namespace HmsOps.SideBySide.Peers;

/// <summary>The hub, with a workspace of nothing. Its final form is its block files.</summary>
internal sealed class HmsOpsHub(string program) : Peer
{
    public const string Called = "hms-ops";

    public override string Name => Called;

    public override string Program => program;

    public override string Version => FirstLine(program, "--version");

    public override bool KnowsNativeHistograms => true;

    public override string ReadyPath => "/readyz";

    // The late window lets a day of samples in whose first ones are a day old.
    public override IReadOnlyList<string> Flags => ["--late-window", "48h", "--log-level", "warn"];

    public override IEnumerable<string> Arguments(string folder, int port)
    {
        var workspace = Directory.CreateDirectory(Path.Combine(folder, "workspace"));
        return ["serve", "--listen", $"127.0.0.1:{port}", "--data", Path.Combine(folder, "data"), "--workspace", workspace.FullName, .. Flags];
    }

    public override async Task<CompactForm> CompactAsync(Server server, CancellationToken cancellationToken)
    {
        await PostAsync(server, "/api/ops/v1/store/compact", cancellationToken);
        var blocks = Path.Combine(server.Folder, "data", "metrics", "blocks");
        var disk = new RealDisk();
        var index = 0L;
        var files = Directory.Exists(blocks) ? Directory.GetFiles(blocks, $"*{BlockFormat.Suffix}") : [];
        if (files.Length == 0)
            throw new NotMeasuredException($"said that it compacted, and no *{BlockFormat.Suffix} lies in data/metrics/blocks");
        foreach (var path in files)
        {
            using var file = disk.Open(path, writable: false);
            index += BlockFooter.Read(file).Info.IndexBytes;
        }
        return new CompactForm(ProcessCost.DiskBytes(blocks), index);
    }
}
