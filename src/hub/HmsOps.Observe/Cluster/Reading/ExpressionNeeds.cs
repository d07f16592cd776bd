using HmsOps.PromQL;
using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>
/// What an expression asks of who works it out, so that it says what the engine would say. The versions are those in which Prometheus' change log says that a part of the language came, or came right; where that is in doubt, the
/// later one stands here: a question too few that is pushed costs reading, one too many a wrong answer.
/// </summary>
/// <param name="Minor">Prometheus 3 and so much.</param>
/// <param name="IsHubs">Only an hms-ops has it: what is experimental in Prometheus, and names that go at the very end.</param>
/// <param name="IsOwn">It has to be worked out here: its times follow from settings that may differ, or its order from the samples.</param>
/// <param name="Ahead">How many milliseconds behind its own times it looks.</param>
/// <param name="Behind">How many milliseconds before its own times it looks, or more.</param>
/// <param name="PinnedFrom">The oldest time that <c>@</c> has it look at; the largest there is when it has none.</param>
/// <param name="PinnedTo">The newest one; the smallest there is when it has none.</param>
internal sealed record ExpressionNeeds(int Minor, bool IsHubs, bool IsOwn, long Ahead, long Behind, long PinnedFrom, long PinnedTo)
{
    private static readonly ExpressionNeeds None = new(0, false, false, 0, 0, long.MaxValue, long.MinValue);

    // A width that only the query's step and range make a number: no span is surely long enough.
    private const long AnyWidth = 1L << 52;

    private const int DurationExpressions = 14; // on without a flag
    private const int WholeMilliseconds = 5; // [1001ms] was rounded
    private const int CaseInsensitivePatterns = 14; // (?i) dropped values
    private const int QuotedNames = 1;
    private const int MovingParameters = 6; // one a step, and no NaN
    private const int Collisions = 9; // series that do not overlap, comparisons that have to say group_left
    private const int Histograms = 9; // stable

    // What is the same since 3.0 has no row.
    private static readonly Dictionary<string, int> Functions = new(StringComparer.Ordinal)
    {
        ["absent"] = 1,
        ["absent_over_time"] = 1,
        ["avg_over_time"] = 5,
        ["changes"] = 2,
        ["clamp"] = 1,
        ["clamp_max"] = 1,
        ["clamp_min"] = 1,
        ["count_over_time"] = 2,
        ["day_of_month"] = 1,
        ["day_of_week"] = 1,
        ["day_of_year"] = 1,
        ["days_in_month"] = 1,
        ["deriv"] = 2,
        ["first_over_time"] = 14,
        ["histogram_avg"] = Histograms,
        ["histogram_count"] = Histograms,
        ["histogram_fraction"] = Histograms,
        ["histogram_quantile"] = 6,
        ["histogram_stddev"] = Histograms,
        ["histogram_stdvar"] = Histograms,
        ["histogram_sum"] = Histograms,
        ["hour"] = 1,
        ["idelta"] = 3,
        ["irate"] = 3,
        ["label_join"] = Collisions,
        ["label_replace"] = Collisions,
        ["last_over_time"] = 5,
        ["max_over_time"] = 2,
        ["min_over_time"] = 2,
        ["minute"] = 1,
        ["month"] = 1,
        ["predict_linear"] = 2,
        ["present_over_time"] = 2,
        ["quantile_over_time"] = 3,
        ["resets"] = 2,
        ["scalar"] = 3,
        ["stddev_over_time"] = 2,
        ["stdvar_over_time"] = 2,
        ["sum_over_time"] = 2,
        ["year"] = 1,
    };

    // Behind a flag in every Prometheus there is.
    private static readonly HashSet<string> Experimental = new(StringComparer.Ordinal)
    {
        "double_exponential_smoothing", "end", "histogram_quantiles", "info", "mad_over_time", "max_of", "min_of", "range", "sort_by_label", "sort_by_label_desc", "start", "start_timestamp", "step",
        "ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time",
    };

    public static ExpressionNeeds Of(PromExpression expression, PromLimits limits) => Of(expression.Root, (long)limits.LookBack.TotalMilliseconds);

    /// <summary>Labels that are the metric's name here, and other labels to a Prometheus without flags.</summary>
    public static bool IsPartOfName(string label) => label is "__name__" or "__type__" or "__unit__";

    private static ExpressionNeeds Of(PromNode node, long lookBack)
    {
        var below = None;
        foreach (var child in node.Children)
            below = below.And(Of(child, lookBack));
        return node switch
        {
            PromNode.Selector selector => OfSelector(selector, lookBack),
            PromNode.Window window => OfWindow(window, below, lookBack),
            PromNode.Subquery subquery => OfSubquery(subquery, below),
            PromNode.Unary => below.AtLeast(Collisions),
            PromNode.Binary binary => OfBinary(binary, below),
            PromNode.Aggregate aggregate => OfAggregate(aggregate, below),
            PromNode.Call call => OfCall(call, below),
            PromNode.Text text when IsPartOfName(text.Value) => below with { IsHubs = true },
            _ => below,
        };
    }

    private static ExpressionNeeds OfSelector(PromNode.Selector selector, long behind)
    {
        var needs = None with { Behind = behind, IsOwn = selector.OffsetBy is not null, IsHubs = selector.Edges != PromEdges.Plain };
        if (selector.Edges != PromEdges.Plain)
            needs = needs with { IsOwn = true }; // it looks at samples around the window
        if (selector.Matchers.Any(matcher => matcher.Op is MatchOp.Regex or MatchOp.NotRegex && matcher.Value.Contains("(?", StringComparison.Ordinal)))
            needs = needs.AtLeast(CaseInsensitivePatterns);
        if (selector.Matchers.Any(matcher => !LabelNames.IsLegacyLabelName(matcher.Name)) || (selector.MetricName is { } name && !LabelNames.IsLegacyMetricName(name)))
            needs = needs.AtLeast(QuotedNames);
        return needs.Shifted(selector.OffsetMs, selector.Moment);
    }

    // Its selector looks back over the whole width, and a look-back further where the edges are looked at.
    private static ExpressionNeeds OfWindow(PromNode.Window window, ExpressionNeeds below, long lookBack)
    {
        below = below.And(OfSelector(window.Series, lookBack + (window.RangeBy is null ? window.RangeMs : AnyWidth)));
        if (window.RangeBy is not null)
            return below.AtLeast(DurationExpressions);
        return window.RangeMs % 1_000 == 0 ? below : below.AtLeast(WholeMilliseconds);
    }

    // The step that is not written is a setting.
    private static ExpressionNeeds OfSubquery(PromNode.Subquery subquery, ExpressionNeeds below)
    {
        var needs = below with { IsOwn = below.IsOwn || subquery.OffsetBy is not null || (subquery.StepMs == 0 && subquery.StepBy is null) };
        needs = needs with { Behind = needs.Behind + (subquery.RangeBy is null ? subquery.RangeMs : AnyWidth) };
        if (subquery.RangeBy is not null || subquery.StepBy is not null)
            needs = needs.AtLeast(DurationExpressions);
        if (subquery.RangeMs % 1_000 != 0 || subquery.StepMs % 1_000 != 0)
            needs = needs.AtLeast(WholeMilliseconds);
        return needs.Shifted(subquery.OffsetMs, subquery.Moment);
    }

    private static ExpressionNeeds OfBinary(PromNode.Binary binary, ExpressionNeeds below)
    {
        var matching = binary.Matching;
        var needs = below.AtLeast(1); // comparisons and histograms
        if (matching is not null && IsComparison(binary.Op) && !binary.ReturnsBool)
            needs = needs.AtLeast(Collisions);
        var isHubs = binary.Op is PromOperator.TrimLower or PromOperator.TrimUpper || matching is { FillLeft: not null } or { FillRight: not null }
            || (matching is not null && matching.Labels.Concat(matching.Include).Any(IsPartOfName));
        return isHubs ? needs with { IsHubs = true } : needs;
    }

    private static ExpressionNeeds OfAggregate(PromNode.Aggregate aggregate, ExpressionNeeds below)
    {
        var needs = aggregate.Op switch
        {
            PromAggregation.LimitK or PromAggregation.LimitRatio => below with { IsHubs = true },
            PromAggregation.TopK or PromAggregation.BottomK => below.AtLeast(MovingParameters),
            PromAggregation.Avg => below.AtLeast(5),
            _ => below.AtLeast(1),
        };
        if (aggregate.Parameter is not (null or PromNode.Text or PromNode.Number))
            needs = needs.AtLeast(MovingParameters);
        return aggregate.Grouping.Any(IsPartOfName) ? needs with { IsHubs = true } : needs;
    }

    private static ExpressionNeeds OfCall(PromNode.Call call, ExpressionNeeds below) => Experimental.Contains(call.Function)
        ? below with { IsHubs = true }
        : below.AtLeast(Functions.GetValueOrDefault(call.Function));

    private static bool IsComparison(PromOperator op) =>
        op is PromOperator.Equal or PromOperator.NotEqual or PromOperator.Less or PromOperator.LessOrEqual or PromOperator.Greater or PromOperator.GreaterOrEqual;

    private ExpressionNeeds AtLeast(int minor) => minor > Minor ? this with { Minor = minor } : this;

    private ExpressionNeeds And(ExpressionNeeds other) =>
        new(
            Math.Max(Minor, other.Minor), IsHubs || other.IsHubs, IsOwn || other.IsOwn,
            Math.Max(Ahead, other.Ahead), Math.Max(Behind, other.Behind), Math.Min(PinnedFrom, other.PinnedFrom), Math.Max(PinnedTo, other.PinnedTo));

    // Pinned, it does not move with the query any more.
    private ExpressionNeeds Shifted(long offset, PromMoment? moment) => moment is { Kind: PromMomentKind.Written }
        ? this with { Ahead = 0, Behind = 0, PinnedFrom = Math.Min(PinnedFrom, moment.Ms - offset - Behind), PinnedTo = Math.Max(PinnedTo, moment.Ms - offset + Ahead) }
        : this with { Ahead = Math.Max(0, Ahead - offset), Behind = Math.Max(0, Behind + offset) };
}
