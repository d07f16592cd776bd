using HmsOps.LedgerVerifier;
using HmsOps.LedgerVerifier.Folders;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;

namespace HmsOps.Ledger.Tests;

/// <summary>A ledger on a simulated disk, in virtual time, with small segments so that a few entries fill several.</summary>
internal sealed class LedgerRig(SimulatedDisk disk, TimeProvider? wall = null)
{
    public const string Folder = "data/ledger";
    public const string Origin = "ops.example.gov/ledger";
    public const int SegmentBytes = 64 * 1024;

    public LedgerRig(int seed = 1)
        : this(new SimulatedDisk(new Random(seed)))
    {
    }

    public SimulatedDisk Disk { get; } = disk;

    public VirtualTime Time { get; } = VirtualTime.OnFridayAfternoon();

    public List<LedgerEntry> Replayed { get; } = [];

    public List<LedgerEntry> Published { get; } = [];

    public int SegmentSize { get; init; } = SegmentBytes;

    public MerkleLog Open(string origin = Origin)
    {
        Replayed.Clear();
        Published.Clear();
        var log = MerkleLog.Open(Disk, Folder, origin, wall ?? Time, Replayed.Add, SegmentSize);
        log.Published = Published.Add;
        return log;
    }

    /// <summary>One life of the ledger: opened, its writer running, stopped in an orderly way.</summary>
    public void Live(Func<MerkleLog, Task> body) => Time.Run(async () =>
    {
        using var log = Open();
        using var stop = new CancellationTokenSource();
        var writer = log.RunAsync(stop.Token);
        await body(log);
        stop.Cancel();
        await writer;
    });

    /// <summary>A life in which each text becomes an entry in a batch of its own.</summary>
    public void Enter(params string[] texts) => Live(async log =>
    {
        foreach (var text in texts)
            await log.AppendAsync(new Text(text), CancellationToken.None);
    });

    public VerifyReport Verify() => new FolderCheck(new SimulatedFolder(Disk, Folder)).Run();

    public string Segment(int index) => Segments()[index];

    public IReadOnlyList<string> Segments() => [.. Disk.Paths.Where(path => path.EndsWith(".open", StringComparison.Ordinal))];

    /// <summary>The same folder on a disk of its own, to be spoiled.</summary>
    public LedgerRig Copy()
    {
        var copy = new SimulatedDisk(new Random(1));
        foreach (var path in Disk.Paths)
            copy.Put(path, Disk.Content(path));
        return new LedgerRig(copy) { SegmentSize = SegmentSize };
    }

    public Dictionary<string, string> Contents() => Disk.Paths.Where(path => !path.EndsWith("/holder", StringComparison.Ordinal))
        .ToDictionary(path => path, path => Convert.ToBase64String(Disk.Content(path)));
}

/// <summary>The verifier's view of a folder on a simulated disk.</summary>
internal sealed class SimulatedFolder(SimulatedDisk disk, string folder) : ILedgerFolder
{
    public IReadOnlyList<string> List() =>
        [.. disk.Paths.Where(path => path.StartsWith(folder + "/", StringComparison.Ordinal)).Select(path => path[(folder.Length + 1)..])];

    public byte[] Read(string name) => disk.Content($"{folder}/{name}");
}
