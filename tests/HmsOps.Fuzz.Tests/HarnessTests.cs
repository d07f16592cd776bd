using System.Text;
using HmsOps.Fuzz.Harness;

namespace HmsOps.Fuzz.Tests;

/// <summary>Decoders with a mistake each: the harness finds it, and keeps the smallest input that shows it.</summary>
public sealed class HarnessTests : IDisposable
{
    const string Word = "open"; // at which a planted mistake shows

    static readonly ManualResetEventSlim Never = new(); // set by nobody: a thread that waits for it ends with the process

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hms-fuzz-");

    [Fact]
    public void What_throws_is_found_and_made_small()
    {
        var finding = Found(input => Has(input, Word) ? throw new TimeZoneNotFoundException("planted") : Well(input));
        Assert.Equal("TimeZoneNotFoundException", finding.Failure.Kind);
        Assert.Equal(Word, File.ReadAllText(finding.Path));
    }

    [Fact]
    public void A_broken_promise_is_found()
    {
        var finding = Found(input =>
        {
            BrokenPromiseException.Unless(!Has(input, Word), $"it has {Word}");
            return Well(input);
        });
        Assert.Equal(("promise", "it has open"), (finding.Failure.Kind, finding.Failure.What));
    }

    [Fact]
    public void What_allocates_more_than_its_bound_is_found()
    {
        var kept = new List<byte[]>();
        var finding = Found(input =>
        {
            if (Has(input, Word))
                kept.Add(new byte[1 << 20]);
            return Well(input);
        });
        Assert.Equal("memory", finding.Failure.Kind);
    }

    [Fact]
    public void What_looks_beside_its_input_is_found() => Assert.Equal("beside", Found(input =>
    {
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(input, out var array);
        var behind = array.Offset + array.Count;
        var digest = new Digest();
        digest.Add(behind < array.Array!.Length ? array.Array[behind] : 0L);
        return Reading.Accepted("looked", digest);
    }).Failure.Kind);

    [Fact]
    public void What_writes_to_its_input_is_found() => Assert.Equal("writes", Found(input =>
    {
        if (!input.IsEmpty && System.Runtime.InteropServices.MemoryMarshal.TryGetArray(input, out var array))
            array.Array![array.Offset] ^= 1;
        return Well(input);
    }).Failure.Kind);

    [Fact]
    public void What_never_ends_is_found_and_kept()
    {
        var finding = Found(input =>
        {
            if (Has(input, Word))
                Never.Wait();
            return Well(input);
        });
        Assert.Equal("hang", finding.Failure.Kind);
        Assert.Contains(Word, File.ReadAllText(finding.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_kept_fails_again_before_anything_else()
    {
        Func<ReadOnlyMemory<byte>, Reading> read = input => Has(input, Word) ? throw new TimeZoneNotFoundException("planted") : Well(input);
        var first = Found(read);
        var again = Run(read);
        Assert.Equal(first.Path, again.Finding?.Path);
        Assert.True(again.Inputs <= 2, $"{again.Inputs} inputs were run before it");
    }

    [Fact]
    public void The_same_seed_makes_the_same_inputs()
    {
        var sums = new List<ulong>();
        foreach (var seed in (int[])[1, 1, 2])
        {
            var sum = new Digest();
            Run(input =>
            {
                sum.Add(input.Span);
                return Well(input);
            }, seed);
            sums.Add(sum.Value);
        }
        Assert.Equal(sums[0], sums[1]);
        Assert.NotEqual(sums[0], sums[2]);
    }

    [Fact]
    public void Checksums_are_made_right_so_that_what_lies_behind_them_is_read()
    {
        var behind = 0;
        Run(input =>
        {
            if (input.IsEmpty || input.Span[0] != Sum(input.Span[1..]))
                return Reading.Refused("checksum");
            behind++;
            return Reading.Accepted("content");
        }, seal: input =>
        {
            if (input.Length > 0)
                input[0] = Sum(input.AsSpan(1));
        });
        Assert.True(behind > 1_000, $"only {behind} inputs got past the checksum");
    }

    static byte Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 7;
        foreach (var b in bytes)
            sum += b;
        return (byte)sum;
    }

    static bool Has(ReadOnlyMemory<byte> input, string word) => input.Span.IndexOf(Encoding.UTF8.GetBytes(word)) >= 0;

    static Reading Well(ReadOnlyMemory<byte> input) => Reading.Accepted($"{input.Length} bytes");

    Finding Found(Func<ReadOnlyMemory<byte>, Reading> read)
    {
        var report = Run(read);
        Assert.NotNull(report.Finding);
        return report.Finding;
    }

    Report Run(Func<ReadOnlyMemory<byte>, Reading> read, int seed = 1, Action<byte[]>? seal = null)
    {
        var decoder = new Decoder("planted", read) { Seeds = () => [("start", "a plain beginning"u8.ToArray())], Words = [Word, "x"], Seal = seal };
        var corpus = new Corpus(_folder.FullName);
        corpus.WriteSeeds(decoder);
        return new Campaign(decoder, corpus, seed) { HangMax = TimeSpan.FromSeconds(3) }.Run(2_000, TimeSpan.FromMinutes(1));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
