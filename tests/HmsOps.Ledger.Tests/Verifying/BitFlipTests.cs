using HmsOps.LedgerVerifier;
using HmsOps.LedgerVerifier.Folders;

namespace HmsOps.Ledger.Tests.Verifying;

/// <summary>
/// Promise L3: whatever bit of a small log is turned over, the verifier says so and says where. The log: a header page, one batch of one
/// page, one of two pages, and a page that was never written.
/// </summary>
public sealed class BitFlipTests
{
    private const int PageBytes = 4_096;
    private const int SectorBytes = 512;
    private const int SegmentBytes = 5 * PageBytes;

    private readonly LedgerRig _rig = new() { SegmentSize = SegmentBytes };
    private readonly byte[] _segment;

    public BitFlipTests()
    {
        _rig.Live(async log =>
        {
            await log.AppendAllAsync([new Text("""{"a":1}"""), new Text("""{"b":"two"}""")], CancellationToken.None);
            await log.AppendAsync(new Text("""{"c":"*"}""".Replace("*", new string('x', 4_500), StringComparison.Ordinal)), CancellationToken.None);
        });
        _segment = _rig.Disk.Content(_rig.Segment(0));
        Assert.Equal(SegmentBytes, _segment.Length);
        Assert.Equal(("GOOD", 3L), (_rig.Verify().Word, _rig.Verify().Entries));
        Assert.Single(_rig.Verify().Notes); // unsigned, and nothing else
    }

    [Fact]
    public void The_verifier_finds_every_flipped_bit_and_names_its_place()
    {
        var folder = new SpoiledFolder(_rig, _segment);
        for (var at = 0; at < SegmentBytes; at++)
        {
            foreach (var bit in BitsToFlip(at))
            {
                _segment[at] ^= (byte)(1 << bit);
                var report = new FolderCheck(folder).Run();
                _segment[at] ^= (byte)(1 << bit);
                if (Fault(at, report) is { } fault)
                    Assert.Fail($"byte {at} bit {bit}: {fault}: {report}");
            }
        }
    }

    private static string? Fault(int at, VerifyReport report)
    {
        // Never acknowledged and not content; a sector alone in a page that was to be a batch looks as a crash leaves it, and is noted.
        if (Unwritten(at) && at % PageBytes >= SectorBytes)
            return report.Notes.Count == 2 ? null : "no note";
        if (report.Word != VerifyReport.Damaged || report.Damage is null)
            return "not found";
        if (Unwritten(at))
            return null;
        return (report.Damage.File, report.Damage.Offset, report.Damage.Sequence) == ("log/00000000000000000000.open", Place(at).Offset, Place(at).Sequence)
            && report.Entries == report.Damage.Sequence ? null : "found elsewhere";
    }

    [Fact]
    public void Opening_finds_every_flipped_byte_of_what_it_serves_and_changes_nothing()
    {
        for (var at = 0; at < SegmentBytes; at += at % PageBytes < 160 ? 1 : 61)
        {
            if (Unwritten(at) || IsPadding(at))
                continue; // zeros that say nothing: the verifier watches them
            var copy = _rig.Copy();
            copy.Disk.Flip(copy.Segment(0), at, at % 8);
            var before = copy.Contents();
            using var log = copy.Open();
            Assert.True(log.State == LedgerState.Damaged, $"byte {at}");
            Assert.Equal(Place(at).Sequence, log.Size);
            Assert.Equal(Place(at).Sequence, copy.Replayed.Count);
            Assert.Contains("00000000000000000000.open", log.StateReason, StringComparison.Ordinal);
            Assert.Equal(before, copy.Contents());
        }
    }

    [Fact]
    public void Every_flipped_bit_of_the_name_is_found()
    {
        var content = _rig.Disk.Content($"{LedgerRig.Folder}/origin");
        for (var bit = 0; bit < content.Length * 8; bit++)
        {
            var copy = _rig.Copy();
            copy.Disk.Flip($"{LedgerRig.Folder}/origin", bit / 8, bit % 8);
            Assert.Equal(VerifyReport.Damaged, copy.Verify().Word);
            var before = copy.Contents();
            Assert.ThrowsAny<Exception>(() => copy.Open());
            Assert.Equal(before, copy.Contents());
        }
    }

    // All bits of the first batch and of every head; one bit, another one each time, of the bytes of the long entry and of the zeros.
    private static IEnumerable<int> BitsToFlip(int at) => at % PageBytes < 192 ? Enumerable.Range(0, 8) : [at % 8];

    private static bool Unwritten(int at) => at >= 4 * PageBytes;

    private bool IsPadding(int at) => at >= PageBytes && !Unwritten(at) && at >= UsedEnd(at);

    private static int FrameAt(int at) => at < 2 * PageBytes ? PageBytes : 2 * PageBytes;

    private int UsedEnd(int at) => FrameAt(at) + BitConverter.ToInt32(_segment, FrameAt(at) + 4);

    private static (long Offset, long Sequence) Place(int at) =>
        at < PageBytes ? (0, 0)
        : FrameAt(at) == PageBytes ? (PageBytes, 0)
        : (2 * PageBytes, 2);

    private sealed class SpoiledFolder(LedgerRig rig, byte[] segment) : ILedgerFolder
    {
        private readonly SimulatedFolder _folder = new(rig.Disk, LedgerRig.Folder);

        public IReadOnlyList<string> List() => _folder.List();

        public byte[] Read(string name) => name.EndsWith(".open", StringComparison.Ordinal) ? [.. segment] : _folder.Read(name);
    }
}
