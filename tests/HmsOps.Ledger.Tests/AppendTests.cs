using HmsOps.Disk;
using HmsOps.Ledger.Tests.Tree;

namespace HmsOps.Ledger.Tests;

public sealed class AppendTests
{
    [Fact]
    public void What_was_entered_is_published_read_and_replayed_byte_for_byte()
    {
        var rig = new LedgerRig { SegmentSize = 256 * 1024 };
        string[] texts = ["one", "two", "drei – mit Umlaut: ü", new string('x', LedgerEntry.BytesMax)];
        rig.Live(async log =>
        {
            foreach (var (text, n) in texts.Select((text, n) => (text, n)))
            {
                var receipt = await log.AppendAsync(new Text(text), CancellationToken.None);
                Assert.Equal(n, receipt.Sequence);
                Assert.Equal(n + 1, log.Size);
                Assert.Equal(text, Text.Of(log.Read(n)!));
                Assert.Equal(receipt.Time, log.Read(n)!.Time);
            }
            Assert.Null(log.Read(texts.Length));
            Assert.Equal(texts, rig.Published.Select(Text.Of));
        });

        using var again = rig.Open();
        Assert.Equal(texts, rig.Replayed.Select(Text.Of));
        Assert.Equal([0, 1, 2, 3], rig.Replayed.Select(entry => entry.Sequence));
        var leaves = rig.Replayed.Select(entry => ReferenceTree.Leaf(entry.Bytes.ToArray())).ToArray();
        Assert.Equal(ReferenceTree.Root(leaves), again.Root.ToArray());
        Assert.Equal(Convert.ToHexStringLower(ReferenceTree.Root(leaves)), rig.Verify().Root);
    }

    [Fact]
    public void A_draft_is_told_the_sequence_and_time_of_its_receipt()
    {
        var rig = new LedgerRig();
        rig.Live(async log =>
        {
            var drafts = Enumerable.Range(0, 5).Select(n => new Text($"entry {n}")).ToArray();
            var receipts = await log.AppendAllAsync(drafts, CancellationToken.None);
            Assert.Equal(drafts.Select(draft => (draft.Sequence, draft.Time)), receipts.Select(receipt => ((long?)receipt.Sequence, (DateTimeOffset?)receipt.Time)));
            Assert.Equal(receipts.Select(receipt => receipt.Time), log.ReadRange(0, 9).Select(entry => entry.Time));
        });
    }

    [Fact]
    public void What_waits_becomes_one_batch_and_callers_are_answered_in_order_after_publishing()
    {
        var rig = new LedgerRig();
        rig.Time.Run(async () =>
        {
            using var log = rig.Open();
            var order = new List<string>();
            log.Published = entry => order.Add($"published {entry.Sequence}");
            var callers = Enumerable.Range(0, 3).Select(async n =>
            {
                var receipt = await log.AppendAsync(new Text($"entry {n}"), CancellationToken.None);
                order.Add($"answered {receipt.Sequence}");
            }).ToArray();
            using var stop = new CancellationTokenSource();
            stop.Cancel(); // what was queued before is written nevertheless
            await log.RunAsync(stop.Token);
            await Task.WhenAll(callers);
            Assert.Equal(["published 0", "published 1", "published 2", "answered 0", "answered 1", "answered 2"], order);
        });
        using var again = rig.Open();
        Assert.Equal(1, again.Recovery.Frames);
    }

    [Theory]
    [InlineData(4_096, 10, 1)]
    [InlineData(4_097, 10, 2)]
    [InlineData(10_000, 10, 3)]
    [InlineData(63, 65_535, 1)] // 63 × 65,543 bytes fit into 4 MiB
    [InlineData(64, 65_535, 2)]
    public void A_batch_holds_4096_entries_and_4_MiB(int entries, int bytesEach, int batches)
    {
        var rig = new LedgerRig { SegmentSize = 16 * 1024 * 1024 };
        rig.Time.Run(async () =>
        {
            using var log = rig.Open();
            var appends = Enumerable.Range(0, entries)
                .Select(_ => log.AppendAsync(new Text(new string('x', bytesEach)), CancellationToken.None).AsTask()).ToArray();
            using var stop = new CancellationTokenSource();
            stop.Cancel();
            await log.RunAsync(stop.Token);
            var receipts = await Task.WhenAll(appends);
            Assert.Equal(Enumerable.Range(0, entries).Select(n => (long)n), receipts.Select(receipt => receipt.Sequence));
        });
        using var again = rig.Open();
        Assert.Equal(batches, again.Recovery.Frames);
        Assert.Equal(entries, again.Size);
    }

    [Fact]
    public void What_cannot_be_entered_is_refused_to_its_caller_alone()
    {
        var rig = new LedgerRig();
        rig.Time.Run(async () =>
        {
            using var log = rig.Open();
            var good = log.AppendAsync(new Text("before"), CancellationToken.None);
            Task[] bad =
            [
                log.AppendAsync(new Raw([]), CancellationToken.None).AsTask(),
                log.AppendAsync(new Raw([1, 0, 1]), CancellationToken.None).AsTask(),
                log.AppendAsync(new Text(new string('x', LedgerEntry.BytesMax + 1)), CancellationToken.None).AsTask(),
            ];
            var failing = log.AppendAsync(new Raw(null), CancellationToken.None);
            var after = log.AppendAsync(new Text("after"), CancellationToken.None);
            using var stop = new CancellationTokenSource();
            stop.Cancel();
            await log.RunAsync(stop.Token);

            Assert.Equal(0, (await good).Sequence);
            foreach (var append in bad)
                await Assert.ThrowsAsync<ArgumentException>(() => append);
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await failing);
            Assert.Equal(1, (await after).Sequence);
        });
        using var again = rig.Open();
        Assert.Equal(["before", "after"], rig.Replayed.Select(Text.Of));
        Assert.Equal("GOOD", rig.Verify().Word);
    }

    [Fact]
    public void Entries_appended_together_stand_side_by_side_or_not_at_all()
    {
        var rig = new LedgerRig { SegmentSize = 16 * 1024 * 1024 };
        rig.Live(async log =>
        {
            IEntryDraft[] spoiled = [new Text("a"), new Raw([0]), new Text("b")];
            var refused = log.AppendAllAsync(spoiled, CancellationToken.None);
            var receipts = await log.AppendAllAsync([new Text("c"), new Text("d")], CancellationToken.None);
            await Assert.ThrowsAsync<ArgumentException>(async () => await refused);
            Assert.Equal([0L, 1L], receipts.Select(receipt => receipt.Sequence));

            IEntryDraft[] large = [.. Enumerable.Range(0, 65).Select(_ => new Text(new string('x', LedgerEntry.BytesMax)))];
            var tooLarge = await Assert.ThrowsAsync<ArgumentException>(async () => await log.AppendAllAsync(large, CancellationToken.None));
            Assert.Contains("Append fewer at once", tooLarge.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<ArgumentException>(async () => await log.AppendAllAsync([], CancellationToken.None));
            await Assert.ThrowsAsync<ArgumentException>(async () => await log.AppendAllAsync(new Text[4_097], CancellationToken.None));
            Assert.Equal(4_096, (await log.AppendAllAsync([.. Enumerable.Range(0, 4_096).Select(n => new Text($"{n}"))], CancellationToken.None)).Count);
        });
        using var again = rig.Open();
        Assert.Equal(["c", "d", "0"], rig.Replayed.Take(3).Select(Text.Of));
        Assert.Equal(4_098, again.Size);
    }

    [Fact]
    public void A_token_cancelled_before_keeps_the_entry_out_and_one_cancelled_later_ends_only_the_waiting()
    {
        var rig = new LedgerRig();
        rig.Time.Run(async () =>
        {
            using var log = rig.Open();
            using var cancelled = new CancellationTokenSource();
            cancelled.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await log.AppendAsync(new Text("never"), cancelled.Token));

            using var impatient = new CancellationTokenSource();
            var waiting = log.AppendAsync(new Text("entered all the same"), impatient.Token);
            impatient.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);

            using var stop = new CancellationTokenSource();
            stop.Cancel();
            await log.RunAsync(stop.Token);
        });
        using var again = rig.Open();
        Assert.Equal(["entered all the same"], rig.Replayed.Select(Text.Of));
    }

    [Fact]
    public void A_full_queue_makes_appends_wait_and_a_token_gives_up_the_place_in_it()
    {
        const int QueueMax = 65_536;
        var rig = new LedgerRig { SegmentSize = 16 * 1024 * 1024 };
        rig.Time.Run(async () =>
        {
            using var log = rig.Open();
            var queued = Enumerable.Range(0, QueueMax).Select(_ => log.AppendAsync(new Text("x"), CancellationToken.None).AsTask()).ToArray();
            using var impatient = new CancellationTokenSource();
            var givenUp = log.AppendAsync(new Text("given up"), impatient.Token);
            var waiting = log.AppendAsync(new Text("y"), CancellationToken.None);
            impatient.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await givenUp);
            using var stop = new CancellationTokenSource();
            var writer = log.RunAsync(stop.Token);
            Assert.Equal(QueueMax, (await waiting).Sequence);
            await Task.WhenAll(queued);
            stop.Cancel();
            await writer;
            Assert.Equal(QueueMax + 1, log.Size);
        });
    }

    [Fact]
    public void After_the_writer_has_ended_appends_are_refused()
    {
        var rig = new LedgerRig();
        rig.Time.Run(async () =>
        {
            using var log = rig.Open();
            using var stop = new CancellationTokenSource();
            var writer = log.RunAsync(stop.Token);
            stop.Cancel();
            await writer;
            var refused = await Assert.ThrowsAsync<LedgerUnavailableException>(async () => await log.AppendAsync(new Text("late"), CancellationToken.None));
            Assert.Contains("writer has ended", refused.Message, StringComparison.Ordinal);
            Assert.Equal(LedgerState.Writable, log.State);
        });
    }

    [Fact]
    public void A_log_closed_before_its_writer_ran_refuses_what_waits()
    {
        var rig = new LedgerRig();
        rig.Time.Run(async () =>
        {
            var log = rig.Open();
            var waiting = log.AppendAsync(new Text("x"), CancellationToken.None);
            log.Dispose();
            await Assert.ThrowsAsync<LedgerUnavailableException>(async () => await waiting);
        });
    }

    [Fact]
    public void An_exception_while_publishing_ends_the_writer_and_the_entry_stands()
    {
        var rig = new LedgerRig();
        rig.Time.Run(async () =>
        {
            using var log = rig.Open();
            log.Published = _ => throw new InvalidOperationException("a projection has a bug");
            var append = log.AppendAsync(new Text("durable"), CancellationToken.None);
            await Assert.ThrowsAsync<InvalidOperationException>(() => log.RunAsync(CancellationToken.None));
            Assert.Equal(0, (await append).Sequence);
            await Assert.ThrowsAsync<LedgerUnavailableException>(async () => await log.AppendAsync(new Text("next"), CancellationToken.None));
        });
        using var again = rig.Open();
        Assert.Equal(["durable"], rig.Replayed.Select(Text.Of));
    }

    [Fact]
    public void One_process_writes_a_ledger()
    {
        var rig = new LedgerRig();
        using (rig.Open())
            Assert.Throws<FolderHeldException>(() => rig.Open());
        rig.Open().Dispose();
    }

    [Fact]
    public void A_log_keeps_the_name_it_was_made_under()
    {
        var rig = new LedgerRig();
        rig.Enter("one");
        using (var log = rig.Open("other.example.gov/ledger"))
            Assert.Equal(LedgerRig.Origin, log.Origin);
        Assert.Equal(LedgerRig.Origin, rig.Verify().Origin);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("plus+sign")]
    [InlineData("line\nfeed")]
    public void A_name_that_no_checkpoint_could_carry_is_refused(string origin) =>
        Assert.Throws<ArgumentException>(() => new LedgerRig().Open(origin));

    [Fact]
    public void Each_writer_has_a_new_term()
    {
        var rig = new LedgerRig();
        for (var term = 1; term <= 3; term++)
        {
            using (var log = rig.Open())
                Assert.Equal(term, log.Epoch);
            rig.Enter("x");
        }
    }

    [Fact]
    public void Ranges_are_read_across_batches_and_segments()
    {
        var rig = new LedgerRig();
        var texts = Enumerable.Range(0, 40).Select(n => $"{n} " + new string('x', 3_000)).ToArray();
        rig.Enter(texts);
        Assert.True(rig.Segments().Count > 2);
        using var log = rig.Open();
        for (var from = 0; from <= texts.Length; from++)
        {
            foreach (var count in (int[])[0, 1, 7, 100])
                Assert.Equal(texts.Skip(from).Take(count), log.ReadRange(from, count).Select(Text.Of));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => log.Read(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.ReadRange(-1, 1));
    }
}
