using HmsOps.Present.Api.Prometheus;

namespace HmsOps.Present.Tests.Api;

public sealed class PromTimeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1795190460", 1_795_190_460_000)]
    [InlineData("1795190460.123", 1_795_190_460_123)]
    [InlineData("-1.5", -1_500)]
    [InlineData("2026-11-20T16:01:00Z", 1_795_190_460_000)]
    [InlineData("2026-11-20T11:01:00.250-05:00", 1_795_190_460_250)]
    [InlineData("-9223309901257974", -(1L << 53))] // the first and the last moment of Prometheus, in both forms
    [InlineData("9223309901257975", 1L << 53)]
    [InlineData("-292273086-05-16T16:47:06Z", -(1L << 53))]
    [InlineData("292277025-08-18T07:12:54.999999999Z", 1L << 53)]
    public void A_time_is_seconds_or_RFC_3339(string text, long milliseconds)
    {
        Assert.True(PromTime.TryReadTime(text, out var read));
        Assert.Equal(milliseconds, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("noon")]
    [InlineData("2026-11-20")]
    [InlineData("NaN")]
    [InlineData("1e300")]
    public void What_is_no_time_is_refused(string text) => Assert.False(PromTime.TryReadTime(text, out _));

    [Theory]
    [InlineData("15", 15_000)]
    [InlineData("0.5", 500)]
    [InlineData("1m", 60_000)]
    [InlineData("1h30m", 5_400_000)]
    public void A_step_is_seconds_or_a_duration(string text, long milliseconds)
    {
        Assert.True(PromTime.TryReadStep(text, out var read));
        Assert.Equal(milliseconds, read);
    }
}
