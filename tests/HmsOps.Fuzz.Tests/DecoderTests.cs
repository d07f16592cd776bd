using HmsOps.Fuzz.Decoders;
using HmsOps.Fuzz.Harness;

[assembly: CollectionBehavior(DisableTestParallelization = true)] // each decoder has its share of the time to itself

namespace HmsOps.Fuzz.Tests;

/// <summary>A minute of <c>./fuzz</c>, shared among the decoders: the corpus first, then changed inputs, the same in every run.</summary>
public sealed class DecoderTests
{
    static readonly TimeSpan Together = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Names => [.. Every.Decoder.Select(decoder => decoder.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Changed_inputs_break_no_promise(string name)
    {
        var decoder = Every.Decoder.Single(decoder => decoder.Name == name);
        var report = new Campaign(decoder, Corpus.OfCheckout(), seed: 1).Run(long.MaxValue, Together / Every.Decoder.Count);
        Assert.True(report.Finding is null, $"{name}: {report.Finding?.Failure.Kind}: {report.Finding?.Failure.What}\nrun: ./fuzz {name} --only {report.Finding?.Path}");
        Assert.InRange(report.Accepted, 1, report.Inputs); // one that takes nothing is not read to its end
    }

    [Fact]
    public void Every_name_is_given_once() => Assert.Equal(Every.Decoder.Count, Every.Decoder.Select(decoder => decoder.Name).Distinct().Count());
}
