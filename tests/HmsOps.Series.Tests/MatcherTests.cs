using System.Text;

namespace HmsOps.Series.Tests;

public sealed class MatcherTests
{
    [Theory]
    [InlineData("job=\"a\"", MatchOp.Equal, "a", "a")]
    [InlineData("job!=\"a\"", MatchOp.NotEqual, "a", "b ab _ é")]
    [InlineData("job=\"\"", MatchOp.Equal, "", "_")] // an absent label is empty
    [InlineData("job!=\"\"", MatchOp.NotEqual, "", "a b ab é")]
    [InlineData("job=~\"a|b\"", MatchOp.Regex, "a|b", "a b")] // anchored around the whole alternation
    [InlineData("job=~\"a.*\"", MatchOp.Regex, "a.*", "a ab")]
    [InlineData("job!~\"a.*\"", MatchOp.NotRegex, "a.*", "b _ é")]
    [InlineData("job=~\".+\"", MatchOp.Regex, ".+", "a b ab é")]
    [InlineData("job=~\".\"", MatchOp.Regex, ".", "a b é")]
    [InlineData("job=~\"\"", MatchOp.Regex, "", "_")]
    [InlineData("job=~\"(?i)A\"", MatchOp.Regex, "(?i)A", "a")]
    public void A_matcher_compares_the_whole_value(string text, MatchOp op, string pattern, string matching)
    {
        var matcher = new Matcher("job", op, pattern);
        var values = new[] { "a", "b", "ab", "_", "é" };
        var found = values.Where(value => matcher.Matches(Labels.From(("__name__", "up"), ("job", value == "_" ? "" : value))));
        Assert.Equal(matching.Split(' ').Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        Assert.Equal(text, matcher.ToString());
    }

    [Theory]
    [InlineData("a\nb", "a.b", true)] // a dot is any character
    [InlineData("a\n", "a", false)] // and the end is the end, not the line's
    [InlineData("a\nb", "(?m)a$.*", true)]
    public void Lines_mean_nothing_to_a_matcher(string value, string pattern, bool matches) =>
        Assert.Equal(matches, new Matcher("m", MatchOp.Regex, pattern).Matches(Encoding.UTF8.GetBytes(value)));

    [Fact]
    public void A_pattern_that_is_none_is_refused_when_the_matcher_is_made() =>
        Assert.ThrowsAny<ArgumentException>(() => new Matcher("job", MatchOp.Regex, "a("));

    [Fact]
    public void A_pattern_cannot_close_the_anchors() =>
        Assert.ThrowsAny<ArgumentException>(() => new Matcher("job", MatchOp.Regex, "a)|(?:b"));

    [Fact]
    public void A_name_that_needs_quotes_gets_them() =>
        Assert.Equal("\"a b\"=\"x\\\"y\"", new Matcher("a b", MatchOp.Equal, "x\"y").ToString());
}
