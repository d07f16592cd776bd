using HmsOps.Ledger;
using HmsOps.Record.Events;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;

namespace HmsOps.Record.Tests;

public sealed class JournalTests
{
    private readonly VirtualTime _time = VirtualTime.OnFridayAfternoon();
    private readonly SimulatedDisk _disk = new(new Random(1));

    [Fact]
    public void What_was_entered_is_folded_and_read_back() => With(async journal =>
    {
        var written = await journal.WriteAsync(Draft(new HubStarted("0.1.0", "ops", At)), CancellationToken.None);

        Assert.Equal((0L, 1L), (written.Sequence, journal.State.Size));
        Assert.Equal(written, journal.Read(0));
        Assert.Null(journal.Read(1));
    });

    [Fact]
    public void The_same_key_and_the_same_event_answer_with_the_first_entry() => With(async journal =>
    {
        var first = await journal.WriteAsync(Draft(new HubStopped(At), "k"), CancellationToken.None);
        var again = await journal.WriteAsync(Draft(new HubStopped(At), "k"), CancellationToken.None);

        Assert.Equal(first, again);
        Assert.Equal(1, journal.State.Size);
    });

    [Fact]
    public void Two_writers_of_one_key_at_once_make_one_entry() => With(async journal =>
    {
        var one = journal.WriteAsync(Draft(new HubStopped(At), "k"), CancellationToken.None);
        var other = journal.WriteAsync(Draft(new HubStopped(At), "k"), CancellationToken.None);

        Assert.Equal(await one, await other);
        Assert.Equal(1, journal.State.Size);
    });

    [Fact]
    public void A_key_that_stands_for_something_else_is_refused_also_after_a_restart()
    {
        With(async journal => await journal.WriteAsync(Draft(new HubStopped(At), "k"), CancellationToken.None));
        With(async journal =>
        {
            var taken = await Assert.ThrowsAsync<KeyTakenException>(() => journal.WriteAsync(Draft(new HubStopped(At.AddSeconds(1)), "k"), CancellationToken.None));
            Assert.Equal(0, taken.Sequence);
        });
    }

    [Fact]
    public void A_restart_folds_the_same_state()
    {
        var before = "";
        With(async journal =>
        {
            foreach (var happened in Samples.OfEveryKind(At))
                await journal.WriteAsync(Draft(happened), CancellationToken.None);
            before = Described(journal);
        });
        With(journal =>
        {
            Assert.Equal(before, Described(journal));
            return Task.CompletedTask;
        });
    }

    [Fact]
    public void A_follower_sees_every_entry_once_in_order_from_where_it_asked() => With(async journal =>
    {
        for (var i = 0; i < 5; i++)
            await journal.WriteAsync(Draft(new HubStopped(At)), CancellationToken.None);
        var seen = new List<long>();
        using var enough = new CancellationTokenSource();
        var following = Task.CompletedTask;
        following = FollowAsync();
        for (var i = 0; i < 5; i++)
            await journal.WriteAsync(Draft(new HubStopped(At)), CancellationToken.None);
        await following;

        Assert.Equal([3, 4, 5, 6, 7, 8, 9], seen);

        async Task FollowAsync()
        {
            await foreach (var envelope in journal.FollowAsync(3, enough.Token))
            {
                seen.Add(envelope.Sequence);
                if (seen.Count == 7)
                    return;
            }
        }
    });

    [Fact]
    public void A_ledger_that_cannot_be_written_is_said_to_the_writer_and_reading_goes_on() => With(async journal =>
    {
        await journal.WriteAsync(Draft(new HubStopped(At)), CancellationToken.None);
        _disk.Faults = DiskFaults.None with { FlushFails = 1 };

        await Assert.ThrowsAsync<LedgerUnavailableException>(() => journal.WriteAsync(Draft(new HubStopped(At), "k"), CancellationToken.None));
        await Assert.ThrowsAsync<LedgerUnavailableException>(() => journal.WriteAsync(Draft(new HubStopped(At), "k"), CancellationToken.None));
        Assert.NotNull(journal.Read(0));
        Assert.Equal(1, journal.State.Size);
    });

    private DateTimeOffset At => _time.GetUtcNow();

    private static EventDraft Draft(OpsEvent happened, string? key = null) => new(happened, "system:test") { Key = key };

    private static string Described(Journal journal)
    {
        var state = journal.State;
        return string.Join('\n', [
            .. state.Alerts.Select(a => $"{a.Key} {a.Value.Phase} {a.Value.ActiveAt:O}"),
            .. state.Acts.Select(a => $"{a.Key} {a.Value.Settled} {a.Value.Refusal}"),
            .. state.Pages.Select(p => $"{p.Key} {p.Value.Stage} {p.Value.Attempts}"),
            .. state.Incidents.Select(i => $"{i.Key} {i.Value.ResolvedAt:O} {string.Join(',', i.Value.Entries)}"),
            .. state.Marks.Select(m => m.ToString()),
            $"{state.Size} {journal.Log.Root}"]);
    }

    private void With(Func<Journal, Task> body) => _time.Run(async () =>
    {
        MerkleLog? log = null;
        var journal = Journal.Open(replay => log = MerkleLog.Open(_disk, "/ledger", "ops.opm.gov/ledger", _time, replay), new SeededIds());
        using var stopping = new CancellationTokenSource();
        var writer = journal.Log.RunAsync(stopping.Token);
        await body(journal);
        stopping.Cancel();
        await writer;
        log!.Dispose(); // Open made it
    });

    private sealed class SeededIds : IIds
    {
        private readonly Random _random = new(5);

        public Guid NewId(DateTimeOffset at)
        {
            Span<byte> bytes = stackalloc byte[16];
            _random.NextBytes(bytes);
            return new Guid(bytes);
        }

        public void Fill(Span<byte> bytes) => _random.NextBytes(bytes);
    }
}
