namespace HmsOps.Series.Tests.Patterns;

/// <summary>What groups hold and how they fill templates in, as Go's regexp does it; each row was held against it or its documentation.</summary>
public sealed class CapturePatternTests
{
    [Theory]
    [InlineData("(.*):(.*)", "host:9100", "$1", "host")]
    [InlineData("(.*):(.*)", "a:b:c", "$1|$2", "a:b|c")] // the first takes what it can
    [InlineData("(.*?):(.*)", "a:b:c", "$1|$2", "a|b:c")] // unless it is told not to
    [InlineData("(?U)(.*):(.*)", "a:b:c", "$1|$2", "a|b:c")]
    [InlineData("(?U)(.*?):(.*)", "a:b:c", "$1|$2", "a:b|c")] // and the other way round
    [InlineData("(a|ab)(c|bcd)?(d*)", "abcd", "$1|$2|$3", "a|bcd|")] // the first alternative that leads anywhere
    [InlineData("(?P<host>.*):(?<port>.*)", "h:1", "${port}-$host", "1-h")]
    [InlineData("(?P<host>.*):(?<port>.*)", "h:1", "$1$2", "h1")]
    [InlineData("(a)(?:b)(c)", "abc", "$2$1", "ca")]
    [InlineData("(a(b)(c))", "abc", "$1 $2 $3", "abc b c")]
    [InlineData("(a)|(b)", "b", "[$1][$2]", "[][b]")]
    [InlineData("(?:(a)|b)*", "ab", "[$1]", "[a]")]
    [InlineData("(.)(.)", "é😀", "$2$1", "😀é")]
    [InlineData(@"\b(\w+)\b-é(.*)", "ab-éü😀", "$1 $2", "ab ü😀")] // over bytes, for the edges of words
    [InlineData("(.*)", "x", "$1_suffix", "")] // the name is 1_suffix
    [InlineData("(.*)", "x", "${1}_suffix", "x_suffix")]
    [InlineData("(.*)", "x", "$0$1", "xx")]
    [InlineData("(.*)", "x", "$2$unknown.", ".")]
    [InlineData("(.*)", "x", "$01", "")] // no number begins with 0
    [InlineData("(.*)", "x", "$$1", "$1")]
    [InlineData("(.*)", "x", "$$$1", "$x")]
    [InlineData("(.*)", "x", "$ ${ ${1 $", "$ ${ ${1 $")]
    [InlineData("(.*)", "x", "${1}${", "x${")]
    [InlineData("(.*)", "", "[$1]", "[]")]
    [InlineData("(a)?", "", "[$1]", "[]")]
    [InlineData("x", "x", "plain", "plain")]
    public void Fills_in_a_template(string pattern, string text, string template, string expected) =>
        Assert.Equal(expected, CapturePattern.Whole(pattern).Match(text)?.Expand(template));

    [Theory]
    [InlineData("a", "ab")]
    [InlineData("a|b", "ab")]
    [InlineData("^$", "a")]
    public void Holds_nothing_of_a_text_that_does_not_match_whole(string pattern, string text)
    {
        Assert.Null(CapturePattern.Whole(pattern).Match(text));
        Assert.False(CapturePattern.Whole(pattern).IsMatch(text));
    }

    [Theory]
    [InlineData("(a")]
    [InlineData(@"(a)\1")]
    [InlineData("(?=a)")]
    [InlineData("(?P<a>x)(?P<a>y)")]
    public void Refuses_what_RE2_refuses(string pattern) => Assert.ThrowsAny<ArgumentException>(() => CapturePattern.Whole(pattern));
}
