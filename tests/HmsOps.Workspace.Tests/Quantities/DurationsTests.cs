using FsCheck.Fluent;
using HmsOps.Workspace.Quantities;

namespace HmsOps.Workspace.Tests.Quantities;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("90s", 90_000)]
    [InlineData("5m", 300_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1h 30m", 5_400_000)]
    [InlineData("2 min", 120_000)]
    [InlineData("60 s", 60_000)]
    [InlineData("1500ms", 1_500)]
    [InlineData("1y", 31_536_000_000)]
    [InlineData("2w3d", 1_468_800_000)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    public void Spans_are_read_as_people_write_them(string text, long milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var span));
        Assert.Equal(milliseconds, span.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("m")]
    [InlineData("5 mins ago")]
    [InlineData("-5m")]
    [InlineData("1.5h")]
    [InlineData("5M")]
    [InlineData("30m1h")]
    [InlineData("5m5m")]
    [InlineData("5mmin")]
    [InlineData("99999999999999999999s")]
    [InlineData("9223372036854775807y")]
    [InlineData("300000y")]
    public void Nothing_is_guessed(string text) => Assert.False(Durations.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(30_000, "30s")]
    [InlineData(90_000, "1m30s")]
    [InlineData(180_000, "3m")]
    [InlineData(100L * 86_400_000, "100d")]
    [InlineData(16_666, "16s666ms")]
    public void A_span_is_written_in_its_largest_parts(long milliseconds, string text) => Assert.Equal(text, Durations.Format(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void What_is_written_reads_back_the_same() => Prop.ForAll<uint, ushort>((seconds, milliseconds) =>
    {
        var span = TimeSpan.FromSeconds(seconds) + TimeSpan.FromMilliseconds(milliseconds);
        return Durations.TryParse(Durations.Format(span), out var read) && read == span
            && HmsOps.PromQL.PromParser.Parse($"rate(a[{Durations.Format(span + TimeSpan.FromSeconds(1))}])").Errors.Count == 0;
    }).Holds();
}
