using System.Diagnostics;
using System.Globalization;
using HmsOps.Disk;
using HmsOps.LedgerVerifier;

namespace HmsOps.Ledger.Tests.Faults;

/// <summary>
/// Rounds of SIGKILL on a real disk, while a process of its own enters what it can: every acknowledged entry is there, once, at its place, and provable. Four rounds here;
/// <c>./kills ledger 1000</c> for more.
/// </summary>
public sealed class KillTests
{
    private const int RoundsALedger = 20; // then a new one: the whole of it is looked at after each kill
    private const int ProofsARound = 50;

    private static readonly int Rounds = int.Parse(Environment.GetEnvironmentVariable("HMS_KILL_ROUNDS") ?? "4", CultureInfo.InvariantCulture);
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("HMS_KILL_SEED") ?? "1", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(1, 60)]
    [InlineData(16, 1_500)]
    [InlineData(256, 12_000)]
    public async Task What_was_acknowledged_is_there_once_in_order_and_provable(int writers, int acknowledgedMax)
    {
        var dice = new Random((Seed * 1_000) + writers);
        var (acknowledged, unsaid, torn, began) = (0L, 0L, 0, Stopwatch.GetTimestamp());
        var ledger = new KilledLedger();
        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                if (round % RoundsALedger == 0 && round > 0)
                {
                    ledger.Dispose();
                    ledger = new KilledLedger();
                }
                var said = await ledger.EnterUntilKilledAsync(writers, round, dice.Next(acknowledgedMax));
                acknowledged += said.Count;
                unsaid += ledger.Check(said, dice, ProofsARound, out var wasTorn);
                torn += wasTorn ? 1 : 0;
            }
        }
        finally
        {
            ledger.Dispose();
        }
        Assert.True(acknowledged > 0, "nothing was acknowledged in any round: too few to tell");
        await File.WriteAllTextAsync(Path.Combine(AppContext.BaseDirectory, $"kills-{writers}.txt"), string.Create(CultureInfo.InvariantCulture,
            $"{writers} writers, {Rounds} kills in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s: {acknowledged} entries acknowledged, each there once, in order and proven; {unsaid} more were durable and their caller not told; {torn} kills left a torn batch\n"));
    }

    /// <summary>A ledger in a folder of its own, and what is known of it.</summary>
    private sealed class KilledLedger : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("hms-ledger-kills-").FullName;
        private long _size;
        private TreeHash? _root;

        /// <summary>Lets a child enter until it has acknowledged so many, kills it, and answers all that it acknowledged.</summary>
        public async Task<List<(long Sequence, string Text)>> EnterUntilKilledAsync(int writers, int round, int killAt)
        {
            var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "HmsOps.Ledger.Child"), [_folder, $"{writers}", $"{round}"]) { RedirectStandardOutput = true, UseShellExecute = false };
            using var child = Process.Start(start) ?? throw new InvalidOperationException("the child did not start");
            var said = new List<(long, string)>();
            Assert.Equal("ready", await child.StandardOutput.ReadLineAsync());
            for (var isKilled = false; await child.StandardOutput.ReadLineAsync() is { } line;)
            {
                if (line.Split(' ') is [var sequence, var text])
                    said.Add((long.Parse(sequence, CultureInfo.InvariantCulture), text));
                if (isKilled || said.Count < killAt)
                    continue;
                child.Kill();
                isKilled = true;
            }
            await child.WaitForExitAsync();
            Assert.Equal(128 + 9, child.ExitCode);
            return said;
        }

        /// <summary>Looks at all of it; answers how many entries of the round are there that nobody was told of.</summary>
        public long Check(List<(long Sequence, string Text)> said, Random dice, int proofs, out bool wasTorn)
        {
            Assert.Equal(VerifyReport.Good, Verifier.VerifyFolder(_folder, TimeProvider.System).Word);
            var entries = new List<LedgerEntry>();
            using var log = MerkleLog.Open(new RealDisk(), _folder, "kills.example.gov/ledger", TimeProvider.System, entries.Add);
            Assert.Equal(LedgerState.Writable, log.State);
            wasTorn = log.Recovery.Findings.Any(finding => finding.Kind == LogFindingKind.TornTail);

            var next = new Dictionary<string, int>();
            for (var i = 0; i < entries.Count; i++)
            {
                Assert.Equal(i, entries[i].Sequence);
                // A writer goes on only when it was answered, so its entries stand in the order in which it made them, none missing, none twice.
                var (writer, nth) = WriterOf(entries[i]);
                Assert.Equal(next.GetValueOrDefault(writer), nth);
                next[writer] = nth + 1;
            }
            foreach (var (sequence, text) in said)
                Assert.Equal(text, Text.Of(entries[(int)sequence]).TrimEnd('.'));
            for (var i = 0; i < proofs && entries.Count > 0; i++)
            {
                var proof = log.ProveInclusion(dice.Next(entries.Count), log.Size);
                Assert.True(Verifier.VerifyInclusion(
                    proof.Sequence, log.Size, Verifier.LeafHash(entries[(int)proof.Sequence].Bytes.Span), log.Root.ToArray(), [.. proof.Path.Select(hash => hash.ToArray())]));
            }
            if (_root is { } before)
            {
                var grown = log.ProveConsistency(_size, log.Size);
                Assert.True(Verifier.VerifyConsistency(_size, log.Size, before.ToArray(), log.Root.ToArray(), [.. grown.Path.Select(hash => hash.ToArray())]));
            }
            var unsaid = log.Size - _size - said.Count;
            (_size, _root) = (log.Size, log.Root);
            return unsaid;
        }

        public void Dispose() => Directory.Delete(_folder, recursive: true);

        private static (string Writer, int Nth) WriterOf(LedgerEntry entry)
        {
            var text = Text.Of(entry).TrimEnd('.');
            var slash = text.LastIndexOf('/');
            return (text[..slash], int.Parse(text[(slash + 1)..], CultureInfo.InvariantCulture));
        }
    }
}
