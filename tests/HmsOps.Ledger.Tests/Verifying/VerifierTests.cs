using System.Buffers.Binary;
using HmsOps.Disk;
using HmsOps.LedgerVerifier;
using HmsOps.LedgerVerifier.Folders;

namespace HmsOps.Ledger.Tests.Verifying;

public sealed class VerifierTests
{
    private const int PageBytes = 4_096;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Writer_and_verifier_agree_over_many_segments(int seed)
    {
        var random = new Random(seed);
        var rig = new LedgerRig(seed);
        var root = "";
        for (var life = 0; life < 3; life++)
        {
            rig.Live(async log =>
            {
                for (var n = 0; n < 60; n++)
                {
                    var drafts = Enumerable.Range(0, random.Next(1, 6)).Select(_ => new Text(new string('e', random.Next(1, 4_000)))).ToArray();
                    await log.AppendAllAsync(drafts, CancellationToken.None);
                }
                root = log.Root.ToString();
            });
        }
        var report = rig.Verify();
        Assert.True(rig.Segments().Count > 5);
        Assert.Equal(VerifyReport.Good, report.Word);
        Assert.Equal(root, report.Root);
        using var again = rig.Open();
        Assert.Equal((again.Size, again.Root.ToString()), (report.Entries, report.Root));
    }

    [Fact]
    public void Proofs_of_the_log_verify()
    {
        var rig = new LedgerRig();
        rig.Enter([.. Enumerable.Range(0, 21).Select(n => $"entry {n}")]);
        using var log = rig.Open();
        for (var sequence = 0; sequence < log.Size; sequence++)
        {
            for (var size = sequence + 1; size <= log.Size; size++)
            {
                var proof = log.ProveInclusion(sequence, size);
                Assert.Equal(Verifier.LeafHash(log.Read(sequence)!.Bytes.Span), proof.Leaf.ToArray());
                Assert.True(Verifier.VerifyInclusion(sequence, size, proof.Leaf.ToArray(), proof.Root.ToArray(), [.. proof.Path.Select(hash => hash.ToArray())]));
                var consistency = log.ProveConsistency(sequence, size);
                Assert.True(Verifier.VerifyConsistency(
                    sequence, size, consistency.FromRoot.ToArray(), consistency.ToRoot.ToArray(), [.. consistency.Path.Select(hash => hash.ToArray())]));
            }
        }
        Assert.Equal(log.Root, log.ProveInclusion(0, log.Size).Root);
        Assert.Throws<ArgumentOutOfRangeException>(() => log.ProveInclusion(0, log.Size + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.ProveInclusion(3, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.ProveConsistency(4, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.ProveConsistency(0, log.Size + 1));
    }

    [Fact]
    public void A_torn_tail_is_noted_and_then_set_aside_and_noted_again()
    {
        var rig = new LedgerRig();
        rig.Enter("one");
        // A frame of three pages of which the first and the last never reached the disk.
        var content = rig.Disk.Content(rig.Segment(0));
        content.AsSpan(3 * PageBytes, PageBytes).Fill((byte)'x');
        rig.Disk.Put(rig.Segment(0), content);

        var torn = rig.Verify();
        Assert.Equal((VerifyReport.Good, 1L), (torn.Word, torn.Entries));
        Assert.Contains(torn.Notes, note => note.Contains("torn, never acknowledged tail of 8192 bytes", StringComparison.Ordinal));

        using (var log = rig.Open())
        {
            Assert.Equal(LedgerState.Writable, log.State);
            Assert.Equal(LogFindingKind.TornTail, Assert.Single(log.Recovery.Findings).Kind);
        }
        rig.Enter("two");
        var cut = rig.Verify();
        Assert.Equal((VerifyReport.Good, 2L), (cut.Word, cut.Entries));
        Assert.Contains(cut.Notes, note => note.StartsWith("log/torn-", StringComparison.Ordinal));
    }

    [Fact]
    public void A_torn_frame_with_a_later_one_behind_it_is_damage()
    {
        var rig = new LedgerRig();
        rig.Enter("one", "two", "three");
        var content = rig.Disk.Content(rig.Segment(0));
        content.AsSpan(2 * PageBytes, PageBytes).Clear(); // the batch of entry 1 is gone
        rig.Disk.Put(rig.Segment(0), content);
        var report = rig.Verify();
        Assert.Equal((VerifyReport.Damaged, 1L), (report.Word, report.Entries));
        Assert.Equal((2L * PageBytes, 1L), (report.Damage!.Offset, report.Damage.Sequence));
        Assert.Contains("a later batch, from entry 2 on, follows", report.Damage.What, StringComparison.Ordinal);
        using var log = rig.Open();
        Assert.Equal((LedgerState.Damaged, 1L), (log.State, log.Size));
    }

    [Fact]
    public void An_entry_edited_with_all_its_checksums_made_anew_is_found_by_its_root()
    {
        var rig = new LedgerRig();
        rig.Enter("one", "two");
        var content = rig.Disk.Content(rig.Segment(0));
        Edit(content.AsSpan(2 * PageBytes));
        rig.Disk.Put(rig.Segment(0), content);

        var report = rig.Verify();
        Assert.Equal((VerifyReport.Damaged, 2L * PageBytes, 1L), (report.Word, report.Damage!.Offset, report.Damage.Sequence));
        Assert.NotEqual(report.Damage.Expected, report.Damage.Found);
        Assert.Equal(64, report.Damage.Expected!.Length);
        using var log = rig.Open();
        Assert.Equal(LedgerState.Damaged, log.State);
        Assert.Contains("root", log.StateReason, StringComparison.Ordinal);
        Assert.Equal(["one"], rig.Replayed.Select(Text.Of));
    }

    [Fact]
    public void A_batch_from_another_history_is_found_by_its_chain()
    {
        var (ours, theirs) = (new LedgerRig(), new LedgerRig());
        ours.Enter("one", "two");
        theirs.Time.Run(() => Task.Delay(TimeSpan.FromHours(1), theirs.Time, CancellationToken.None));
        theirs.Enter("one", "two"); // same entries, same roots, another hour: only the chain of heads differs
        var content = ours.Disk.Content(ours.Segment(0));
        theirs.Disk.Content(theirs.Segment(0)).AsSpan(2 * PageBytes, PageBytes).CopyTo(content.AsSpan(2 * PageBytes));
        ours.Disk.Put(ours.Segment(0), content);
        var report = ours.Verify();
        Assert.Equal((VerifyReport.Damaged, 1L), (report.Word, report.Damage!.Sequence));
        Assert.Contains("not written after the one", report.Damage.What, StringComparison.Ordinal);
        using var log = ours.Open();
        Assert.Equal((LedgerState.Damaged, 1L), (log.State, log.Size));
    }

    [Theory]
    [InlineData("first", 0)]
    [InlineData("middle", 2)]
    public void A_segment_that_is_gone_is_damage(string which, int index)
    {
        var rig = ThreeOrMoreSegments();
        rig.Disk.Delete(rig.Segment(index));
        var report = rig.Verify();
        Assert.True(report.Word == VerifyReport.Damaged, which);
        Assert.Equal(report.Entries, report.Damage!.Sequence);
        using var log = rig.Open();
        Assert.Equal((LedgerState.Damaged, report.Entries), (log.State, log.Size));
    }

    [Fact]
    public void Two_segments_under_each_others_names_are_damage()
    {
        var rig = ThreeOrMoreSegments();
        var (one, two) = (rig.Disk.Content(rig.Segment(1)), rig.Disk.Content(rig.Segment(2)));
        var (first, second) = (rig.Segment(1), rig.Segment(2));
        rig.Disk.Put(first, two);
        rig.Disk.Put(second, one);
        Assert.Equal(VerifyReport.Damaged, rig.Verify().Word);
        using var log = rig.Open();
        Assert.Equal(LedgerState.Damaged, log.State);
    }

    [Fact]
    public void A_segment_that_continues_another_tree_is_damage()
    {
        var rig = ThreeOrMoreSegments();
        var content = rig.Disk.Content(rig.Segment(1));
        var page = content.AsSpan(0, PageBytes);
        page[Layout.Page.Root] ^= 1;
        BinaryPrimitives.WriteUInt32LittleEndian(page[Layout.Page.Crc..], Layout.CrcAround(page, Layout.Page.Crc));
        rig.Disk.Put(rig.Segment(1), content);
        var report = rig.Verify();
        Assert.Equal((VerifyReport.Damaged, 0L, report.Entries), (report.Word, report.Damage!.Offset, report.Damage.Sequence));
        Assert.Contains("another tree", report.Damage.What, StringComparison.Ordinal);
        using var log = rig.Open();
        Assert.Equal((LedgerState.Damaged, report.Entries), (log.State, log.Size));
    }

    [Fact]
    public void A_segment_that_was_cut_off_is_damage()
    {
        var rig = ThreeOrMoreSegments();
        var last = rig.Segments()[^1];
        rig.Disk.Put(last, rig.Disk.Content(last).AsSpan(0, 2 * PageBytes));
        var report = rig.Verify();
        Assert.Equal(VerifyReport.Damaged, report.Word);
        Assert.Contains("cut off", report.Damage!.What, StringComparison.Ordinal);
        using var log = rig.Open();
        Assert.Equal(LedgerState.Damaged, log.State);
    }

    [Fact]
    public void Segments_of_a_log_of_another_name_are_damage()
    {
        var rig = ThreeOrMoreSegments();
        rig.Disk.Put($"{LedgerRig.Folder}/origin", "other.example.gov/ledger\n"u8);
        var report = rig.Verify();
        Assert.Equal((VerifyReport.Damaged, 0L), (report.Word, report.Entries));
        Assert.Contains("another name", report.Damage!.What, StringComparison.Ordinal);
        Assert.Throws<LogMismatchException>(() => rig.Open());
    }

    [Fact]
    public void A_log_without_its_name_is_damage_and_does_not_open()
    {
        var rig = ThreeOrMoreSegments();
        rig.Disk.Delete($"{LedgerRig.Folder}/origin");
        Assert.Equal("origin", rig.Verify().Damage!.File);
        var corrupt = Assert.Throws<LedgerCorruptException>(() => rig.Open());
        Assert.Equal($"{LedgerRig.Folder}/origin", corrupt.File);
    }

    [Theory]
    [InlineData("checkpoint", "signatures are not in this version")]
    [InlineData("keys.vkeys", "signatures are not in this version")]
    [InlineData("log/00000000000000000000.hms", "sealed segments are not in this version")]
    public void What_this_version_cannot_check_it_does_not_vouch_for(string name, string reason)
    {
        var rig = ThreeOrMoreSegments();
        rig.Disk.Put($"{LedgerRig.Folder}/{name}", "from a later version"u8);
        var report = rig.Verify();
        Assert.Equal(VerifyReport.Unsupported, report.Word);
        Assert.Contains(report.Notes, note => note.StartsWith(name, StringComparison.Ordinal) && note.Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public void A_frame_of_a_later_version_is_not_vouched_for_and_not_called_damage()
    {
        var rig = new LedgerRig();
        rig.Enter("one");
        var content = rig.Disk.Content(rig.Segment(0));
        var head = content.AsSpan(PageBytes, Layout.Frame.HeadBytes);
        head[Layout.Frame.Type] = 9;
        BinaryPrimitives.WriteUInt32LittleEndian(head[Layout.Frame.Crc..], Layout.CrcAround(head, Layout.Frame.Crc));
        rig.Disk.Put(rig.Segment(0), content);
        var report = rig.Verify();
        Assert.Equal(VerifyReport.Unsupported, report.Word);
        Assert.Contains(report.Notes, note => note.Contains("a frame of type 9", StringComparison.Ordinal));
    }

    [Fact]
    public void A_batch_seen_half_written_is_read_again()
    {
        var rig = new LedgerRig();
        rig.Enter("one");
        var before = rig.Disk.Content(rig.Segment(0));
        rig.Enter(new string('y', 6_000), "three");
        var after = rig.Disk.Content(rig.Segment(0));
        // The reader sees the second batch up to the middle of a sector; a moment later all of it, and another one.
        var between = (byte[])before.Clone();
        after.AsSpan(2 * PageBytes, 700).CopyTo(between.AsSpan(2 * PageBytes));
        var report = new FolderCheck(new GrowingFolder(rig, between, after)).Run();
        Assert.Equal((VerifyReport.Good, 3L), (report.Word, report.Entries));
    }

    [Fact]
    public void A_real_folder_verifies_while_its_writer_lives_and_after_it_ended()
    {
        var path = Path.Combine(Path.GetTempPath(), "hms-ledger-" + Path.GetRandomFileName()).Replace('\\', '/');
        try
        {
            var rig = new LedgerRig();
            rig.Time.Run(async () =>
            {
                using (var log = MerkleLog.Open(new RealDisk(), path, LedgerRig.Origin, rig.Time, _ => { }))
                {
                    using var stop = new CancellationTokenSource();
                    var writer = log.RunAsync(stop.Token);
                    for (var n = 0; n < 3; n++)
                    {
                        await log.AppendAsync(new Text($"entry {n}"), CancellationToken.None);
                        var live = Verifier.VerifyFolder(path, rig.Time);
                        Assert.Equal((VerifyReport.Good, n + 1, log.Root.ToString()), (live.Word, live.Entries, live.Root));
                    }
                    stop.Cancel();
                    await writer;
                }
                Assert.Equal((VerifyReport.Good, 3L), (Verifier.VerifyFolder(path, rig.Time).Word, Verifier.VerifyFolder(path, rig.Time).Entries));
            });
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    [Fact]
    public void A_folder_that_is_no_ledger_is_said_to_be_none()
    {
        Assert.Throws<DirectoryNotFoundException>(() => Verifier.VerifyFolder(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), new LedgerRig().Time));
        var rig = new LedgerRig();
        Assert.Throws<DirectoryNotFoundException>(() => rig.Verify());
    }

    [Fact]
    public void What_does_not_verify_any_more_is_not_served()
    {
        var rig = new LedgerRig();
        rig.Enter("one", "two");
        using var log = rig.Open();
        rig.Disk.Flip(rig.Segment(0), (2 * PageBytes) + 137, 3);
        Assert.Equal("one", Text.Of(log.Read(0)!));
        var corrupt = Assert.Throws<LedgerCorruptException>(() => log.Read(1));
        Assert.Equal((rig.Segment(0), 2L * PageBytes, 1L), (corrupt.File, corrupt.Offset, corrupt.Sequence));

        var content = rig.Disk.Content(rig.Segment(0));
        content[(2 * PageBytes) + 137] ^= 1 << 3;
        Edit(content.AsSpan(2 * PageBytes)); // and neither is what has been given new checksums
        rig.Disk.Put(rig.Segment(0), content);
        corrupt = Assert.Throws<LedgerCorruptException>(() => log.Read(1));
        Assert.Contains("hashes to", corrupt.Message, StringComparison.Ordinal);
    }

    private static LedgerRig ThreeOrMoreSegments()
    {
        var rig = new LedgerRig();
        rig.Enter([.. Enumerable.Range(0, 60).Select(n => $"{n} " + new string('x', 4_000))]);
        Assert.True(rig.Segments().Count > 3);
        return rig;
    }

    // What someone does who knows the format: other bytes of the same length, and every checksum as it should be.
    private static void Edit(Span<byte> page)
    {
        var frame = page[..(int)Layout.U32(page, Layout.Frame.Used)];
        var entry = frame[(Layout.Frame.HeadBytes + Layout.Entry.HeadBytes)..];
        entry[0] ^= 2;
        BinaryPrimitives.WriteUInt32LittleEndian(frame[(Layout.Frame.HeadBytes + 4)..], Layout.Crc(entry));
        BinaryPrimitives.WriteUInt32LittleEndian(frame[Layout.Frame.PayloadCrc..], Layout.Crc(frame[Layout.Frame.HeadBytes..]));
        var head = frame[..Layout.Frame.HeadBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(head[Layout.Frame.Crc..], Layout.CrcAround(head, Layout.Frame.Crc));
    }

    private sealed class GrowingFolder(LedgerRig rig, byte[] first, byte[] then) : ILedgerFolder
    {
        private readonly SimulatedFolder _folder = new(rig.Disk, LedgerRig.Folder);
        private bool _wasRead;

        public IReadOnlyList<string> List() => _folder.List();

        public byte[] Read(string name)
        {
            if (!name.EndsWith(".open", StringComparison.Ordinal))
                return _folder.Read(name);
            var content = _wasRead ? then : first;
            _wasRead = true;
            return [.. content];
        }
    }
}
