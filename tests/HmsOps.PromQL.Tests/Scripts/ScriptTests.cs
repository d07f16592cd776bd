using System.Text.RegularExpressions;
using HmsOps.PromQL.Syntax;

namespace HmsOps.PromQL.Tests.Scripts;

/// <summary>Every question of every script is a test of its own.</summary>
public sealed class ScriptTests
{
    private const int CasesMin = 600;
    private const int CasesOfAFunctionMin = 3; // the usual, the edge, the odd numbers

    private static readonly Dictionary<(string File, int Line), ScriptCase> Known = TestScript.All.SelectMany(script => script.Cases).ToDictionary(c => (c.File, c.Line));

    public static TheoryData<string, int, string> Cases { get; } = AllCases();

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_question_is_answered_as_the_script_says(string file, int line, string question)
    {
        var asked = Known[(file, line)];
        var difference = asked.Expected.DifferenceFrom(ScriptAnswer.Of(asked), asked.IsInOrder);
        Assert.True(difference is null, $"{file}:{line}: {question}\n{difference}");
    }

    [Fact]
    public void Scripts_ask_much() => Assert.InRange(Known.Count, CasesMin, int.MaxValue);

    [Fact]
    public void Every_function_and_aggregation_is_asked_for()
    {
        var texts = Known.Values.Select(c => c.Text).ToArray();
        var rare = Functions.Evaluated.Keys.Concat(Functions.Aggregations.Keys)
            .Where(name => texts.Count(text => Regex.IsMatch(text, $@"\b{name}\s*(\(|by\b|without\b)")) < CasesOfAFunctionMin);
        Assert.Empty(rare);
    }

    [Theory]
    [InlineData("every 1m\n  up 1\nat 0: up\n  up 1", null)]
    [InlineData("every 1m\n  up 1\nat 0: up\n  up 2", "   expected   found\n ≠ up  2      up  1\n")]
    [InlineData("at 0: 1\n  number 1", null)]
    [InlineData("at 0: -0\n  number 0", null)]
    [InlineData("at 0: 0\n  number -0", "   expected     found\n ≠ number  -0   number  0\n")]
    [InlineData("at 0: vector(1)\n  nothing", "   expected   found\n ≠            {}  1\n")]
    [InlineData("at 0: 1 +\n  number 1", "   expected    found\n ≠ number  1   \n ≠             fails: 1:4: found the end, expected a number, a metric, a function or (\n")]
    [InlineData("at 0: vector(1)\n  {} 1\n  says: a", "   expected   found\n   {}  1      {}  1\n ≠ says: a    \n")]
    public void What_differs_is_shown_side_by_side(string text, string? expected)
    {
        var asked = Assert.Single(TestScript.Of(text).Cases);
        Assert.Equal(expected, asked.Expected.DifferenceFrom(ScriptAnswer.Of(asked), asked.IsInOrder));
    }

    [Theory]
    [InlineData("at 0: up", "text:1: it expects nothing; write 'nothing' where there is no series. Found: at 0: up")]
    [InlineData("  up 1", "text:1: it belongs to nothing: a line that begins with a space goes with an 'every', 'at' or 'from' above it. Found: up 1")]
    [InlineData("ask 0: up\n  nothing", "text:1: expected 'every', 'at TIME: expression', 'from TIME to TIME every STEP: expression', 'newer: rule', 'as ever' or 'forget'. Found: ask 0: up")]
    [InlineData("every 1m\n  up one", "text:2: 'one' is no item of the series notation. Found: up one")]
    [InlineData("at 0: up\n  nothing\nevery 1m\n  up 1", "text:3: series are loaded before the first question; write 'forget' to begin with others. Found: every 1m")]
    [InlineData("at 0: up\n  up 1 2", "text:2: it has more values than there are steps. Found: up 1 2")]
    public void What_is_not_understood_is_said_with_its_line(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => TestScript.Of(text)).Message);

    private static TheoryData<string, int, string> AllCases()
    {
        var cases = new TheoryData<string, int, string>();
        foreach (var c in TestScript.All.SelectMany(script => script.Cases))
            cases.Add(c.File, c.Line, c.Question);
        return cases;
    }
}
