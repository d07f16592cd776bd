using HmsOps.Ledger.Tests.Tree;
using HmsOps.Simulation.Disk;

namespace HmsOps.Ledger.Tests.Faults;

/// <summary>
/// Promises L1, L2 and L4 against dice: a ledger lives several lives, each ended by a power cut or a killed process at any write, flush or
/// rename, with flushes and writes that fail. After every end: what was acknowledged is there, in order, byte for byte.
/// </summary>
public sealed class CrashTests
{
    private const int SeedsInEach = 250;
    private const int Lives = 3;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_was_acknowledged_survives_every_end(int part)
    {
        for (var seed = part * SeedsInEach; seed < (part + 1) * SeedsInEach; seed++)
        {
            try
            {
                new World(seed).Run();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed} failed: {failure.Message}", failure);
            }
        }
    }

    /// <summary>One seed: a disk, a ledger on it, and what it has promised.</summary>
    private sealed class World
    {
        private readonly Random _dice;
        private readonly LedgerRig _rig;
        private readonly DiskFaults _faults;
        private readonly SortedDictionary<long, string> _promised = [];
        private readonly Dictionary<string, int> _groups = []; // text → how many were to be entered with it
        private int _drafts;

        public World(int seed)
        {
            _dice = new Random(seed);
            _rig = new LedgerRig(new SimulatedDisk(new Random(seed ^ 0x5EED))) { SegmentSize = 32 * 1024 };
            _faults = new DiskFaults
            {
                FlushFails = _dice.Next(4) == 0 ? 0.03 : 0,
                WriteFails = _dice.Next(4) == 0 ? 0.03 : 0,
                AfterFailedFlush = _dice.Next(2) == 0 ? AfterFailedFlush.CacheIsNew : AfterFailedFlush.CacheIsOld,
            };
        }

        public void Run()
        {
            for (var life = 0; life < Lives; life++)
            {
                _rig.Disk.Faults = _faults;
                _rig.Disk.CutPowerAt = _rig.Disk.Operations + _dice.Next(1, 60);
                _rig.Time.Run(Live);
                _rig.Disk.Faults = DiskFaults.None;
                if (_rig.Disk.IsOff || _dice.Next(2) == 0)
                    _rig.Disk.Crash();
                else
                    _rig.Disk.Restart();
                Check();
            }
        }

        private async Task Live()
        {
            try
            {
                using var log = _rig.Open();
                using var stop = new CancellationTokenSource();
                var writer = log.RunAsync(stop.Token);
                var appends = new List<Task>();
                for (var n = _dice.Next(1, 12); n > 0; n--)
                {
                    appends.Add(Append(log));
                    if (_dice.Next(3) == 0)
                        await Task.Delay(TimeSpan.FromMilliseconds(_dice.Next(1, 50)), _rig.Time, CancellationToken.None);
                }
                await Task.WhenAll(appends);
                stop.Cancel();
                await writer;
            }
            catch (PowerCutException)
            {
                // this life is over
            }
            catch (IOException)
            {
                // the disk refused at opening, before there was a log
            }
        }

        private async Task Append(MerkleLog log)
        {
            var texts = Enumerable.Range(0, _dice.Next(4) == 0 ? _dice.Next(2, 6) : 1)
                .Select(_ => $"{_drafts++} " + new string((char)_dice.Next('a', 'z'), _dice.Next(1, _dice.Next(10) == 0 ? 2_000 : 200))).ToArray();
            foreach (var text in texts)
                _groups[text] = texts.Length;
            try
            {
                foreach (var (receipt, text) in (await log.AppendAllAsync([.. texts.Select(text => new Text(text))], CancellationToken.None)).Zip(texts))
                    _promised.Add(receipt.Sequence, text); // throws when a sequence is given twice
            }
            catch (LedgerUnavailableException)
            {
                // unknown: it may be found after the restart, or not
            }
        }

        private void Check()
        {
            var verified = _rig.Disk.Exists($"{LedgerRig.Folder}/origin") ? _rig.Verify() : null;
            Assert.True(verified is null or { Word: "GOOD" }, verified?.Damage?.ToString());

            using var log = _rig.Open();
            Assert.True(log.State == LedgerState.Writable, log.StateReason);
            var found = _rig.Replayed.Select(Text.Of).ToArray();
            foreach (var (sequence, text) in _promised)
                Assert.Equal(text, found.ElementAtOrDefault((int)sequence));
            Assert.Equal(Enumerable.Range(0, found.Length).Select(n => (long)n), _rig.Replayed.Select(entry => entry.Sequence));
            Assert.Equal(_rig.Replayed.Select(entry => entry.Time).Distinct().Order(), _rig.Replayed.Select(entry => entry.Time));
            AllOrNone(found);

            var root = ReferenceTree.Root([.. _rig.Replayed.Select(entry => ReferenceTree.Leaf(entry.Bytes.ToArray()))]);
            Assert.Equal(root, log.Root.ToArray());
            Assert.Equal(found, log.ReadRange(0, int.MaxValue).Select(Text.Of));
            var again = _rig.Verify();
            Assert.Equal(("GOOD", (long)found.Length, log.Root.ToString()), (again.Word, again.Entries, again.Root));
            Assert.Equal(verified?.Entries ?? 0, again.Entries); // recovery took nothing away, and brought nothing
            for (var sequence = 0; sequence < found.Length; sequence++)
                _promised[sequence] = found[sequence]; // what was found once is there for ever
        }

        // Drafts are numbered in the order they were queued, so those of one append stand side by side or are absent.
        private void AllOrNone(string[] found)
        {
            for (var at = 0; at < found.Length;)
            {
                var together = _groups[found[at]];
                var first = Number(found[at]);
                Assert.Equal(Enumerable.Range(first, together), found.Skip(at).Take(together).Select(Number));
                at += together;
            }
        }

        private static int Number(string text) => int.Parse(text[..text.IndexOf(' ', StringComparison.Ordinal)]);
    }
}
