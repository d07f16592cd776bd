using System.Text.RegularExpressions;
using HmsOps.PromQL.Tests.Scripts;

namespace HmsOps.PromQL.Tests.Differential;

/// <summary>One question to both, and what each said.</summary>
/// <param name="Text">The expression.</param>
/// <param name="Theirs">Prometheus 2.42.</param>
/// <param name="Ours">The engine, which speaks the language of 3.14.</param>
internal sealed record Disagreement(string Text, ScriptAnswer Theirs, ScriptAnswer Ours)
{
    public bool Has(string pattern) => Regex.IsMatch(Text, pattern);

    /// <summary>The same series at the same times.</summary>
    public bool IsOfNumbersAlone => Theirs.Fails is null && Ours.Fails is null && Pairs is not null;

    /// <summary>The samples that differ, theirs and ours; null where the series or their times do.</summary>
    public IReadOnlyList<(double Theirs, double Ours)>? Pairs { get; } = PairsOf(Theirs, Ours);

    private static List<(double, double)>? PairsOf(ScriptAnswer theirs, ScriptAnswer ours)
    {
        var mine = ours.Rows.ToLookup(row => row.Name);
        if (theirs.Rows.Count != ours.Rows.Count || !theirs.Rows.All(row => mine[row.Name].Count() == 1))
            return null;
        var pairs = new List<(double, double)>();
        foreach (var row in theirs.Rows)
        {
            var cells = mine[row.Name].Single().Cells;
            if (!row.Cells.Select(cell => cell.Time).SequenceEqual(cells.Select(cell => cell.Time)))
                return null;
            pairs.AddRange(row.Cells.Zip(cells).Where(pair => !pair.First.IsAs(pair.Second)).Select(pair => (pair.First.Value.Number, pair.Second.Value.Number)));
        }
        return pairs;
    }
}

/// <summary>A rule of the newer language, and the disagreements it explains.</summary>
/// <param name="Rule">What is otherwise in 3.x, by its release notes.</param>
/// <param name="Explains">By the expression and the kind of difference.</param>
internal sealed record NamedDifference(string Rule, Func<Disagreement, bool> Explains)
{
    private const string FilterComparison = @"(==|!=|<|>)=?(?! bool)";

    public static IReadOnlyList<NamedDifference> All { get; } =
    [
        new("names go at the end: what collides on the way is no error", d =>
            d.Ours.Fails is null && d.Theirs.Fails?.Contains("same labelset", StringComparison.Ordinal) == true),
        new("names go at the end: what a subquery has under two names are two series", d =>
            d.Theirs.Fails is null && d.Ours.Fails?.Contains("same labelset", StringComparison.Ordinal) == true && d.Has(@"\bor\b.*\[\w+:\w*\]")),
        new("sums that come to infinity are infinite", d => d.IsOfNumbersAlone && d.Has("deriv|predict_linear") && d.Pairs!.All(pair => double.IsNaN(pair.Theirs))),
        new("a comparison that keeps series is many-to-one only by group_left", d =>
            d.Theirs.Fails is null && d.Ours.Fails?.Contains("many-to-one matching must be explicit", StringComparison.Ordinal) == true && d.Has(FilterComparison)),
        new("atan2 drops the name", d => d.Has("atan2") && d.Theirs.Fails is null && Nameless(d.Theirs).DifferenceFrom(d.Ours, isInOrder: false, comparesWords: false) is null),
        new("labels have names of any letters", d => d.Ours.Fails is null && d.Theirs.Fails?.Contains("invalid label name", StringComparison.Ordinal) == true),
        new("a window pinned by @ stays where it is: 2.42 loses it behind the first step of predict_linear", d => d.Has(@"predict_linear\([^()]*@")),
        new("an offset counts beside @: 2.42 forgets it in timestamp", d => d.Has(@"timestamp\([^()]*(offset [^()]*@|@ [^)]*offset)")),
        new("the stretch to the start of a window is limited by its threshold first, by zero then", d =>
            d.IsOfNumbersAlone && d.Has(@"(rate|increase)\((permits_total|requests_total|errors_total|latency_bucket)")),
        new("deviations of numbers that are not finite are NaN", d =>
            d.IsOfNumbersAlone && d.Has("stddev|stdvar") && d.Pairs!.All(pair => double.IsNaN(pair.Ours) || double.IsNaN(pair.Theirs))),
        new("sums are compensated, and means are sums divided", d => d.IsOfNumbersAlone && d.Has("(sum|avg).*1e100")),
        new("windows are open at their old end, which subqueries in subqueries hit", d => d.Has(@"\[\w+:\w*\].*\[\w+:\w*\]")),
    ];

    private static ScriptAnswer Nameless(ScriptAnswer answer) =>
        answer with { Rows = [.. answer.Rows.Select(row => row with { Name = Regex.Replace(row.Name, "^[a-z_]+(?={)", "") })] };
}
