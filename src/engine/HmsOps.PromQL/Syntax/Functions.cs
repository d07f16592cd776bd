namespace HmsOps.PromQL.Syntax;

/// <summary>What a function takes and gives.</summary>
internal sealed record FunctionSignature(PromType Result, params PromType[] Takes);

/// <summary>The names of the language: what is evaluated, and what is known but refused.</summary>
internal static class Functions
{
    /// <summary>The functions of this version.</summary>
    public static readonly IReadOnlyDictionary<string, FunctionSignature> Evaluated = new Dictionary<string, FunctionSignature>
    {
        ["abs"] = new(PromType.Vector, PromType.Vector),
        ["avg_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["clamp_max"] = new(PromType.Vector, PromType.Vector, PromType.Scalar),
        ["clamp_min"] = new(PromType.Vector, PromType.Vector, PromType.Scalar),
        ["count_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["delta"] = new(PromType.Vector, PromType.Matrix),
        ["histogram_avg"] = new(PromType.Vector, PromType.Vector),
        ["histogram_count"] = new(PromType.Vector, PromType.Vector),
        ["histogram_quantile"] = new(PromType.Vector, PromType.Scalar, PromType.Vector),
        ["histogram_sum"] = new(PromType.Vector, PromType.Vector),
        ["increase"] = new(PromType.Vector, PromType.Matrix),
        ["last_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["max_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["min_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["quantile_over_time"] = new(PromType.Vector, PromType.Scalar, PromType.Matrix),
        ["rate"] = new(PromType.Vector, PromType.Matrix),
        ["scalar"] = new(PromType.Scalar, PromType.Vector),
        ["sum_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["time"] = new(PromType.Scalar),
        ["vector"] = new(PromType.Vector, PromType.Scalar),
    };

    /// <summary>Functions of Prometheus 3.14 that this version refuses by name.</summary>
    public static readonly IReadOnlySet<string> NotYet = new HashSet<string>
    {
        "absent", "absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "changes", "clamp", "cos", "cosh",
        "day_of_month", "day_of_week", "day_of_year", "days_in_month", "deg", "deriv", "double_exponential_smoothing", "end", "exp",
        "first_over_time", "floor", "histogram_fraction", "histogram_quantiles", "histogram_stddev", "histogram_stdvar", "hour", "idelta",
        "info", "irate", "label_join", "label_replace", "ln", "log10", "log2", "mad_over_time", "max_of", "min_of", "minute", "month", "pi",
        "predict_linear", "present_over_time", "rad", "range", "resets", "round", "sgn", "sin", "sinh", "sort", "sort_by_label",
        "sort_by_label_desc", "sort_desc", "sqrt", "start", "start_timestamp", "stddev_over_time", "stdvar_over_time", "step", "tan", "tanh",
        "timestamp", "ts_of_first_over_time", "ts_of_last_over_time", "ts_of_max_over_time", "ts_of_min_over_time", "year",
    };

    /// <summary>The aggregations of this version.</summary>
    public static readonly IReadOnlyDictionary<string, PromAggregation> Aggregations = new Dictionary<string, PromAggregation>
    {
        ["sum"] = PromAggregation.Sum,
        ["avg"] = PromAggregation.Avg,
        ["min"] = PromAggregation.Min,
        ["max"] = PromAggregation.Max,
        ["count"] = PromAggregation.Count,
    };

    /// <summary>Aggregations of Prometheus 3.14 that this version refuses by name.</summary>
    public static readonly IReadOnlySet<string> AggregationsNotYet = new HashSet<string>
    {
        "group", "stddev", "stdvar", "topk", "bottomk", "count_values", "quantile", "limitk", "limit_ratio",
    };

    /// <summary>Words of the language that no metric may have as its name without quotes.</summary>
    public static readonly IReadOnlySet<string> Reserved = new HashSet<string> { "bool", "on", "ignoring", "group_left", "group_right", "atan2" };

    /// <summary>The name that was probably meant by one that is not there: at most two slips away; null when none or a name too short to say.</summary>
    public static string? Nearest(string name)
    {
        const int slipsMax = 2;
        return Evaluated.Keys.Concat(NotYet).Concat(Aggregations.Keys).Concat(AggregationsNotYet)
            .Select(known => (known, slips: Slips(name, known)))
            .Where(c => c.slips <= slipsMax && c.slips < c.known.Length / 2.0)
            .OrderBy(c => c.slips).ThenBy(c => Evaluated.ContainsKey(c.known) || Aggregations.ContainsKey(c.known) ? 0 : 1).ThenBy(c => c.known, StringComparer.Ordinal)
            .Select(c => c.known)
            .FirstOrDefault();
    }

    /// <summary>
    /// Damerau-Levenshtein distance, restricted (no piece is edited twice): letters added, lost, changed, or two neighbours swapped. Upper
    /// and lower case count as the same letter.
    /// </summary>
    internal static int Slips(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            table[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            table[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var change = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                table[i, j] = Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1, table[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }
        return table[a.Length, b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
