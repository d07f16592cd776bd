using HmsOps.App.Verbs.Query;
using HmsOps.PromQL;

namespace HmsOps.App.Tests.Verbs.Query;

public sealed class MarkedTextTests
{
    [Theory]
    [InlineData("sum(raet(x[5m]))", "  sum(raet(x[5m]))\n      ^^^^\n")]
    [InlineData("up +", "  up +\n      ^\n")] // what is missing stands behind the end
    [InlineData("up{a=\"ä日本\"} foo", "  up{a=\"ä日本\"} foo\n                ^^^\n")] // wide characters take two cells
    [InlineData("up{a=\"👍\"} foo", "  up{a=\"👍\"} foo\n             ^^^\n")]
    [InlineData("sum(\n  up,\n  raet(x[5m])\n)", "    raet(x[5m])\n    ^^^^\n")]
    [InlineData("\tup foo", "   up foo\n      ^^^\n")]
    public void The_caret_stands_under_what_is_wrong(string expression, string expected)
    {
        var error = PromParser.Parse(expression).Errors.Single(each => expression.Contains("raet", StringComparison.Ordinal) == each.Message.Contains("raet", StringComparison.Ordinal));
        Assert.Equal(expected, MarkedText.Under(expression, new SourceRange(error.Start, error.End)));
    }

    [Fact]
    public void A_range_over_lines_is_marked_in_its_first() => Assert.Equal("  a + \n  ^^^^\n", MarkedText.Under("a + \nb", new SourceRange(0, 6)));
}
