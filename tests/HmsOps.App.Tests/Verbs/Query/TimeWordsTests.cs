using HmsOps.App.Verbs.Query;

namespace HmsOps.App.Tests.Verbs.Query;

/// <summary>Times and spans as they are typed, at 16:00:00.250 UTC of a Friday, by a reader in New York (11:00).</summary>
public sealed class TimeWordsTests
{
    private static readonly TimeZoneInfo NewYork = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");

    private readonly TimeWords _words = new(Answers.Four + 250, NewYork);

    [Theory]
    [InlineData("now", "16:00:00.250")]
    [InlineData(" now ", "16:00:00.250")]
    [InlineData("now-1h", "15:00:00.250")]
    [InlineData("now - 1h30m", "14:30:00.250")]
    [InlineData("now+5m", "16:05:00.250")]
    [InlineData("-1h", "15:00:00.250")]
    [InlineData("-90s", "15:58:30.250")]
    [InlineData("+2m", "16:02:00.250")]
    [InlineData("2026-11-20T15:00:00Z", "15:00:00.000")]
    [InlineData("2026-11-20T15:00:00.125Z", "15:00:00.125")]
    [InlineData("2026-11-20T15:00:00+02:00", "13:00:00.000")]
    [InlineData("2026-11-20T10:00:00-05:00", "15:00:00.000")]
    [InlineData("2026-11-20", "05:00:00.000")]
    [InlineData("2026-11-20T10:30", "15:30:00.000")]
    [InlineData("2026-11-20 10:30:15", "15:30:15.000")]
    [InlineData("1795186800", "15:00:00.000")]
    [InlineData("1795186800.5", "15:00:00.500")]
    public void A_time_is_read(string text, string expected)
    {
        Assert.True(_words.TryTime(text, _words.Now, out var time));
        Assert.Equal(expected, DateTimeOffset.FromUnixTimeMilliseconds(time).ToString("HH:mm:ss.fff"));
        Assert.Equal(20, DateTimeOffset.FromUnixTimeMilliseconds(time).Day);
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("now-")]
    [InlineData("nowhere")]
    [InlineData("-3600")] // an hour ago, or an hour before 1970?
    [InlineData("1h")]
    [InlineData("16:00")]
    [InlineData("2026-13-01")]
    [InlineData("20.11.2026")]
    [InlineData("1e300")]
    [InlineData("NaN")]
    [InlineData("-9999y")]
    public void What_is_no_time_is_refused(string text) => Assert.False(_words.TryTime(text, _words.Now, out _));

    [Theory]
    [InlineData("15s", 15_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("500ms", 500)]
    [InlineData("15", 15_000)]
    [InlineData("0.5", 500)]
    [InlineData("1d", 86_400_000)]
    public void A_span_is_read(string text, long milliseconds)
    {
        Assert.True(TimeWords.TrySpan(text, out var read));
        Assert.Equal(milliseconds, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0s")]
    [InlineData("-5m")]
    [InlineData("soon")]
    [InlineData("0.0001")]
    public void What_is_no_span_is_refused(string text) => Assert.False(TimeWords.TrySpan(text, out _));

    [Fact]
    public void A_range_that_ends_now_ends_with_the_second_that_is_under_way() => Assert.Equal(Answers.Four + 1_000, _words.NextSecond);
}
