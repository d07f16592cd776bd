using System.Globalization;
using System.Text.RegularExpressions;
using HmsOps.Series;
using HmsOps.Simulation.Disk;

namespace HmsOps.Tsdb.Tests;

/// <summary>
/// A bit turned over, or an end cut off, in any file of a store's folder: the store opens, names the file, answers everything that lies elsewhere, and nothing that was not written;
/// and what is missing then is what was said to be.
/// </summary>
public sealed partial class FolderDamageTests
{
    private const int FlipsOfFile = 12;
    private const int CutsOfFile = 5;

    private static readonly MetricStoreOptions Options = StoreWorld.Small with { SegmentBytes = 8 * 1024, BatchBytesMax = 2 * 1024, CheckpointEvery = TimeSpan.FromMinutes(10), CheckpointGrowth = 0 };
    private static readonly MetricStoreOptions NoCheckpoints = Options with { CheckpointEvery = TimeSpan.FromDays(2) };

    [Fact]
    public void Damage_anywhere_in_the_folder_is_named_and_costs_what_is_said_of_it()
    {
        var whole = Folder(Options, hours: 29);
        var kinds = whole.Paths.Select(KindOf).Distinct().Order().ToArray();
        Assert.Equal(["block", "checkpoint", "inventory", "log", "sealed", "tombstones"], kinds);
        Assert.InRange(whole.Paths.Count(path => KindOf(path) == "block"), 3, 40);
        var reference = Read(whole, Options).Samples;
        var (lossy, harmless) = (0, 0);
        foreach (var path in whole.Paths)
        {
            foreach (var (damage, content) in Damages(path, whole.Content(path)))
            {
                var outcome = Read(Damaged(whole, path, content), Options);
                var missing = Held(reference, outcome, $"{path}, {damage}");
                Assert.True(outcome.Said.Any(said => said.Contains(NameOf(path), StringComparison.Ordinal)) || (missing.Count == 0 && IsFoundByVerifying(whole, path, content)),
                    $"{path}, {damage}: nobody names it. {missing.Count} samples are missing. Said: {string.Join('\n', outcome.Said)}");
                AssertSaid(missing, outcome, $"{path}, {damage}");
                (lossy, harmless) = missing.Count > 0 ? (lossy + 1, harmless) : (lossy, harmless + 1);
            }
        }
        Assert.True(lossy > 40 && harmless > 40, $"{lossy} damages took samples, {harmless} did not: too one-sided to tell");
    }

    [Fact]
    public void What_damage_to_the_log_takes_is_counted_to_the_sample()
    {
        var whole = Folder(NoCheckpoints, hours: 1.9); // nothing is in a block or a checkpoint
        Assert.All(whole.Paths, path => Assert.Equal("log", KindOf(path)));
        Assert.InRange(whole.Paths.Count, 2, 20);
        var reference = Read(whole, NoCheckpoints).Samples;
        var lossy = 0;
        foreach (var path in whole.Paths.SkipLast(1))
        {
            foreach (var (damage, content) in Damages(path, whole.Content(path)))
            {
                var outcome = Read(Damaged(whole, path, content), NoCheckpoints);
                var missing = Held(reference, outcome, $"{path}, {damage}");
                Assert.True(missing.Count == outcome.Missing + outcome.Leaned, $"{path}, {damage}: {missing.Count} samples are missing, {outcome.Missing} and {outcome.Leaned} were counted.\n{string.Join('\n', outcome.Said)}");
                lossy += missing.Count > 0 ? 1 : 0;
            }
        }
        Assert.True(lossy > 5, $"{lossy} damages took samples: too few to tell");
    }

    [Fact]
    public void A_block_that_is_gone_is_missed_with_what_it_held()
    {
        var whole = Folder(Options, hours: 7);
        var reference = Read(whole, Options).Samples;
        var exact = 0;
        foreach (var path in whole.Paths.Where(path => KindOf(path) == "block"))
        {
            var disk = Damaged(whole, path, []);
            disk.Delete(path);
            Assert.Contains(StoreVerification.Run(disk, "metrics", isRunning: false, CancellationToken.None).Faults, fault => fault.StartsWith($"{path} is missing. It held ", StringComparison.Ordinal));
            var outcome = Read(disk, Options);
            var missing = Held(reference, outcome, path);
            var held = Assert.Single(outcome.Said.Select(NotServed).OfType<(long Samples, long From, long To)>());
            Assert.True(missing.Count <= held.Samples, $"{path}: {missing.Count} samples are missing, {held.Samples} were said to be"); // some were deleted, some are in the log still
            exact += missing.Count == held.Samples ? 1 : 0;
            Assert.DoesNotContain(Read(disk, Options).Said, said => said.Contains("is not served", StringComparison.Ordinal)); // said once: there is nothing to put back
        }
        Assert.InRange(exact, 1, 10);
    }

    [Fact]
    public void A_block_put_aside_is_named_at_every_start_until_a_copy_is_put_back()
    {
        var whole = Folder(Options, hours: 7);
        var reference = Read(whole, Options).Samples;
        var path = whole.Paths.First(path => KindOf(path) == "block");
        var disk = Damaged(whole, path, whole.Content(path).AsSpan(0, 100).ToArray());
        for (var start = 0; start < 3; start++)
            Assert.Contains(Read(disk, Options).Said, said => said.StartsWith($"{path} is not served. It held ", StringComparison.Ordinal));
        Assert.Contains(StoreVerification.Run(disk, "metrics", isRunning: false, CancellationToken.None).Faults, fault => fault.StartsWith($"{path}.damaged was put aside because it is damaged. It held ", StringComparison.Ordinal));
        disk.Delete($"{path}.damaged");
        disk.Put(path, whole.Content(path));
        var healed = Read(disk, Options);
        Assert.Equal(reference, healed.Samples);
        Assert.Empty(healed.Said);
    }

    // A day and more of samples each minute: three series that differ, one that comes late, one of which a part is deleted.
    private static SimulatedDisk Folder(MetricStoreOptions options, double hours)
    {
        var world = new StoreWorld(seed: 5, options);
        world.Live(End.Killed, async (store, time) =>
        {
            var began = time.Ms();
            var dice = new Random(3);
            for (var minute = 0; minute < hours * 60; minute++)
            {
                var now = time.Ms();
                Assert.Empty((await store.Append(("a/x", now, minute), ("a/y", now, minute * 0.25), ("b", now, dice.NextDouble()), ("c", now, 7), ("gone", now, minute))).Refused);
                if (minute % 100 == 99)
                    await store.Append(("a/x", now - 200_000 + 1, minute), ("b", Math.Max(began, now - 10_000_000) + 1, minute));
                if (minute == 250 || minute == (hours * 60) - 10) // once long merged, once not
                    await store.DeleteAsync([new Matcher("__name__", MatchOp.Equal, "gone")], now - 14_000_000, now - 8_000_000, CancellationToken.None);
                await time.Seconds(60);
            }
        });
        return world.Disk;
    }

    private static IEnumerable<(string Damage, byte[] Content)> Damages(string path, byte[] content)
    {
        var dice = new Random(content.Length + path.Length);
        var used = KindOf(path) == "log" ? content.AsSpan().LastIndexOfAnyExcept((byte)0) + 1 : content.Length;
        for (var i = 0; i < FlipsOfFile; i++)
        {
            var changed = content.ToArray();
            var (at, bit) = (i == 0 ? used - 1 : dice.Next(used), dice.Next(8));
            changed[at] ^= (byte)(1 << bit);
            yield return ($"bit {bit} of byte {at}", changed);
        }
        for (var i = 0; i < CutsOfFile; i++)
        {
            var length = i switch { 0 => 0, 1 => used - 1, _ => dice.Next(used) };
            yield return ($"cut to {length} of {used} bytes", content[..length]);
        }
    }

    private static SimulatedDisk Damaged(SimulatedDisk whole, string path, byte[] content)
    {
        var disk = new SimulatedDisk(new Random(1));
        foreach (var folder in (string[])["metrics", "metrics/blocks", "metrics/checkpoints"])
            disk.CreateFolder(folder);
        foreach (var other in whole.Paths)
            disk.Put(other, other == path ? content : whole.Content(other));
        return disk;
    }

    private static bool IsFoundByVerifying(SimulatedDisk whole, string path, byte[] content) =>
        StoreVerification.Run(Damaged(whole, path, content), "metrics", isRunning: false, CancellationToken.None).Faults.Any(fault => fault.Contains(NameOf(path), StringComparison.Ordinal));

    private static Outcome Read(SimulatedDisk disk, MetricStoreOptions options)
    {
        var world = new StoreWorld(disk, options) { Now = new StoreWorld().Now.AddDays(2) };
        return world.Look(store =>
        {
            var samples = new Dictionary<(string Series, long Time), long>();
            var said = store.Recovery.Findings.Select(finding => finding.Sentence).ToList();
            using var cursor = store.Select(new Selection([], long.MinValue, long.MaxValue), new QueryBudget(long.MaxValue), CancellationToken.None);
            while (cursor.MoveNext())
            {
                for (var i = 0; i < cursor.Current.Times.Length; i++)
                    samples.Add((cursor.Current.Labels.ToString(), cursor.Current.Times[i]), BitConverter.DoubleToInt64Bits(cursor.Current.Values[i]));
            }
            said.AddRange(cursor.Warnings);
            return new Outcome(samples, said, store.Counts.MissingAtReplay, store.Counts.LostAtReplay);
        });
    }

    /// <summary>What is missing; nothing is there that was not.</summary>
    private static HashSet<(string Series, long Time)> Held(Dictionary<(string, long), long> reference, Outcome outcome, string damage)
    {
        foreach (var (key, bits) in outcome.Samples)
            Assert.True(reference.TryGetValue(key, out var written) && written == bits, $"{damage}: {key} was not written so.");
        return [.. reference.Keys.Where(key => !outcome.Samples.ContainsKey(key))];
    }

    // Every missing sample is within something that was said: a series and a range, all of a block, or an item of the log, of which there are no more than were counted.
    private static void AssertSaid(HashSet<(string Series, long Time)> missing, Outcome outcome, string damage)
    {
        var (lacks, notServed) = (outcome.Said.Select(Lacks).OfType<(string, long, long)>().ToArray(), outcome.Said.Select(NotServed).OfType<(long Samples, long From, long To)>().ToArray());
        var unexplained = missing.Where(key => !lacks.Any(lack => lack.Item1 == key.Series && key.Time >= lack.Item2 && key.Time <= lack.Item3)).ToArray();
        var outside = unexplained.Where(key => !notServed.Any(block => key.Time >= block.From && key.Time <= block.To)).ToArray();
        if (outcome.Said.Any(said => said.EndsWith("are left out", StringComparison.Ordinal) || said.EndsWith("can be looked up", StringComparison.Ordinal)))
            return; // a section of a block's index: said without a range
        Assert.True(outside.Length <= outcome.Missing + outcome.Leaned && unexplained.Length - outside.Length <= notServed.Sum(block => block.Samples),
            $"{damage}: {missing.Count} samples are missing, {outside.Length} of them nobody speaks of, first {outside.FirstOrDefault()}.\n{string.Join('\n', outcome.Said)}");
    }

    private static (string, long, long)? Lacks(string said) => LacksForm().Match(said) is { Success: true } match
        ? (match.Groups[1].Value, InstantOf(match.Groups[2].Value), InstantOf(match.Groups[3].Value)) : null;

    private static (long, long, long)? NotServed(string said) => NotServedForm().Match(said) is { Success: true } match
        ? (long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), InstantOf(match.Groups[2].Value), InstantOf(match.Groups[3].Value)) : null;

    private static long InstantOf(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..].Split('.')[0];

    private static string KindOf(string path) => path switch
    {
        _ when path.Contains("/checkpoints/", StringComparison.Ordinal) => "checkpoint",
        _ when path.EndsWith(".block", StringComparison.Ordinal) => "block",
        _ when path.EndsWith(".tombstones", StringComparison.Ordinal) => "tombstones",
        _ when char.IsDigit(path[^1]) => "log",
        _ => path[(path.LastIndexOf('/') + 1)..],
    };

    [GeneratedRegex(@"^block [0-9a-f]{32}: .+?: (\S+) lacks (\S+Z)\.\.(\S+Z)$")]
    private static partial Regex LacksForm();

    [GeneratedRegex(@" is not served\. It held ([0-9]+) samples of [0-9]+ series, (\S+) to (\S+)\.$")]
    private static partial Regex NotServedForm();

    private sealed record Outcome(Dictionary<(string Series, long Time), long> Samples, IReadOnlyList<string> Said, long Missing, long Leaned);
}
