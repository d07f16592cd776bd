using System.Runtime.CompilerServices;
using HmsOps.App.Verbs.Query;
using HmsOps.PromQL;

namespace HmsOps.App.Tests.Verbs.Query;

/// <summary>Plans as people see them: each is a file in golden/. With <c>HMS_ACCEPT=1</c> they are written anew; look at them before they are committed.</summary>
public sealed class PlanFormTests
{
    private const string Below = "sum by (job) (rate(http_requests_total{code=\"500\"}[5m]))";
    private const string Above = "sum by (job) (rate(http_requests_total[5m]))";

    private static readonly ChartPaper Paper = new(80, 20, HasColour: false, TimeZoneInfo.Utc);

    private static readonly PromPlan Ratio = Part(
        $"{Below} / {Above} > 0.01", "each series with a number, step by step", Cost(12.4, 2, 482_000, 964),
        Part(
            $"{Below} / {Above}", "joins one to one by all labels but the name, keys once a series", Cost(12.1, 2, 482_000, 964),
            Part(Below, $"folds sum by (job) as it reads, and keeps no series: rate over the last 5m, each series once for all steps; one walk with {Above}; found by __name__=\"http_requests_total\", code=\"500\"", Cost(3.2, 2, 32_000, 482)),
            Part(Above, $"folds sum by (job) as it reads, and keeps no series: rate over the last 5m, each series once for all steps; found by __name__=\"http_requests_total\"", Cost(0.042, 2, 450_000, 482))));

    [Fact]
    public void A_run_has_a_line_of_figures_a_part() => IsGolden("plan-run", PlanForm.Of(Ratio, Paper));

    [Fact]
    public void A_plan_has_words_alone() => IsGolden("plan", PlanForm.Of(Without(Ratio), Paper));

    [Fact]
    public void What_was_there_already_cost_nothing_again() => IsGolden("plan-reused", PlanForm.Of(
        Part("up + up", "joins one to one by all labels but the name, keys once a series", Cost(1, 1_000, 1_000, 3_000),
            Part("up", "reads the newest sample at each step; found by __name__=\"up\"", Cost(0.9, 1_000, 1_000, 1_000)),
            Part("up", "as above: it reads the same, and is worked out once", new PlanCost(TimeSpan.Zero, 1_000, 0, 0, IsReused: true))), Paper));

    [Fact]
    public void Colours_are_for_a_terminal()
    {
        var tree = PlanForm.Of(Ratio, Paper with { HasColour = true });
        IsGolden("plan-colours", tree.Replace("\u001b", "ESC", StringComparison.Ordinal));
        Assert.Equal(PlanForm.Of(Ratio, Paper), tree.Replace("\u001b[90m", "", StringComparison.Ordinal).Replace("\u001b[0m", "", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_deep_leaves_room_for_its_words()
    {
        var deep = Part("x", "reads the newest sample at each step", null);
        for (var i = 0; i < 200; i++)
            deep = Part($"-{i}", "each sample", null, deep);
        Assert.All(PlanForm.Of(deep, Paper).Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Contains("…", PlanForm.Of(deep, Paper), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(120)]
    public void A_line_fits_the_terminal_and_no_word_is_lost(int cells)
    {
        var name = new string('n', 200);
        var plan = Part($"{{{name}=\"漢字\"}}", $"reads the newest sample at each step; found by {name}=\"漢字\"", null);
        var lines = PlanForm.Of(plan, Paper with { Cells = cells }).Split('\n');
        Assert.All(lines, line => Assert.True(CellText.Width(line) <= cells, line));
        Assert.Equal(plan.How.Replace(" ", "", StringComparison.Ordinal), string.Concat(lines[1..]).Replace(" ", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("abcdefghij", 10, "abcdefghij")]
    [InlineData("abcdefghij", 9, "abcde…hij")]
    [InlineData("abcdefghij", 4, "ab…j")]
    [InlineData("漢字漢字漢字", 7, "漢字…字")]
    [InlineData("漢字", 1, "…")]
    [InlineData("😀😀😀😀", 6, "😀…😀")]
    public void A_long_part_is_told_by_its_ends(string text, int cells, string fitted) => Assert.Equal(fitted, CellText.FitEnds(text, cells));

    [Fact]
    public void What_steers_a_terminal_does_not_get_through() =>
        Assert.DoesNotContain("\u001b", PlanForm.Of(Part("\u001b[2J", "found by a=\"\u001b[2J\"", null), Paper), StringComparison.Ordinal);

    private static PromPlan Without(PromPlan plan) => plan with { Cost = null, Parts = [.. plan.Parts.Select(Without)] };

    private static PromPlan Part(string text, string how, PlanCost? cost, params IReadOnlyList<PromPlan> parts) => new(text, how, cost, parts);

    private static PlanCost Cost(double milliseconds, int series, long samples, long points) => new(TimeSpan.FromMilliseconds(milliseconds), series, samples, points, IsReused: false);

    private static void IsGolden(string name, string text, [CallerFilePath] string file = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(file)!, "golden", $"{name}.txt"); // a source file has a folder
        if (Environment.GetEnvironmentVariable("HMS_ACCEPT") == "1")
            File.WriteAllText(path, text);
        Assert.Equal(File.ReadAllText(path), text);
    }
}
