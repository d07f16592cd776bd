namespace HmsOps.PromQL.Syntax;

/// <summary>What a function takes and gives.</summary>
internal sealed record FunctionSignature(PromType Result, params PromType[] Takes)
{
    /// <summary>So many of the last arguments may be left out.</summary>
    public int Optional { get; init; }

    /// <summary>The last argument may come any number of times, none included.</summary>
    public bool Repeats { get; init; }

    public int Least => Takes.Length - (Repeats ? 1 : Optional);

    public bool TakesAsMany(int arguments) => arguments >= Least && (Repeats || arguments <= Takes.Length);

    public PromType TypeOf(int argument) => Takes[Math.Min(argument, Takes.Length - 1)];
}

/// <summary>The names of the language.</summary>
internal static class Functions
{
    /// <summary>The functions.</summary>
    public static readonly IReadOnlyDictionary<string, FunctionSignature> Evaluated = new Dictionary<string, FunctionSignature>
    {
        ["abs"] = new(PromType.Vector, PromType.Vector),
        ["absent"] = new(PromType.Vector, PromType.Vector),
        ["absent_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["acos"] = new(PromType.Vector, PromType.Vector),
        ["acosh"] = new(PromType.Vector, PromType.Vector),
        ["asin"] = new(PromType.Vector, PromType.Vector),
        ["asinh"] = new(PromType.Vector, PromType.Vector),
        ["atan"] = new(PromType.Vector, PromType.Vector),
        ["atanh"] = new(PromType.Vector, PromType.Vector),
        ["avg_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["ceil"] = new(PromType.Vector, PromType.Vector),
        ["changes"] = new(PromType.Vector, PromType.Matrix),
        ["clamp"] = new(PromType.Vector, PromType.Vector, PromType.Scalar, PromType.Scalar),
        ["clamp_max"] = new(PromType.Vector, PromType.Vector, PromType.Scalar),
        ["clamp_min"] = new(PromType.Vector, PromType.Vector, PromType.Scalar),
        ["cos"] = new(PromType.Vector, PromType.Vector),
        ["cosh"] = new(PromType.Vector, PromType.Vector),
        ["count_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["day_of_month"] = new(PromType.Vector, PromType.Vector) { Optional = 1 },
        ["day_of_week"] = new(PromType.Vector, PromType.Vector) { Optional = 1 },
        ["day_of_year"] = new(PromType.Vector, PromType.Vector) { Optional = 1 },
        ["days_in_month"] = new(PromType.Vector, PromType.Vector) { Optional = 1 },
        ["deg"] = new(PromType.Vector, PromType.Vector),
        ["delta"] = new(PromType.Vector, PromType.Matrix),
        ["deriv"] = new(PromType.Vector, PromType.Matrix),
        ["double_exponential_smoothing"] = new(PromType.Vector, PromType.Matrix, PromType.Scalar, PromType.Scalar),
        ["end"] = new(PromType.Scalar),
        ["exp"] = new(PromType.Vector, PromType.Vector),
        ["first_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["floor"] = new(PromType.Vector, PromType.Vector),
        ["histogram_avg"] = new(PromType.Vector, PromType.Vector),
        ["histogram_count"] = new(PromType.Vector, PromType.Vector),
        ["histogram_fraction"] = new(PromType.Vector, PromType.Scalar, PromType.Scalar, PromType.Vector),
        ["histogram_quantile"] = new(PromType.Vector, PromType.Scalar, PromType.Vector),
        ["histogram_quantiles"] = new(PromType.Vector, PromType.Vector, PromType.Text, PromType.Scalar, PromType.Scalar) { Repeats = true },
        ["histogram_stddev"] = new(PromType.Vector, PromType.Vector),
        ["histogram_stdvar"] = new(PromType.Vector, PromType.Vector),
        ["histogram_sum"] = new(PromType.Vector, PromType.Vector),
        ["hour"] = new(PromType.Vector, PromType.Vector) { Optional = 1 },
        ["idelta"] = new(PromType.Vector, PromType.Matrix),
        ["increase"] = new(PromType.Vector, PromType.Matrix),
        ["info"] = new(PromType.Vector, PromType.Vector, PromType.Vector) { Optional = 1 },
        ["irate"] = new(PromType.Vector, PromType.Matrix),
        ["label_join"] = new(PromType.Vector, PromType.Vector, PromType.Text, PromType.Text, PromType.Text) { Repeats = true },
        ["label_replace"] = new(PromType.Vector, PromType.Vector, PromType.Text, PromType.Text, PromType.Text, PromType.Text),
        ["last_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["ln"] = new(PromType.Vector, PromType.Vector),
        ["log10"] = new(PromType.Vector, PromType.Vector),
        ["log2"] = new(PromType.Vector, PromType.Vector),
        ["mad_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["max_of"] = new(PromType.Scalar, PromType.Scalar, PromType.Scalar),
        ["max_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["min_of"] = new(PromType.Scalar, PromType.Scalar, PromType.Scalar),
        ["min_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["minute"] = new(PromType.Vector, PromType.Vector) { Optional = 1 },
        ["month"] = new(PromType.Vector, PromType.Vector) { Optional = 1 },
        ["pi"] = new(PromType.Scalar),
        ["predict_linear"] = new(PromType.Vector, PromType.Matrix, PromType.Scalar),
        ["present_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["quantile_over_time"] = new(PromType.Vector, PromType.Scalar, PromType.Matrix),
        ["rad"] = new(PromType.Vector, PromType.Vector),
        ["range"] = new(PromType.Scalar),
        ["rate"] = new(PromType.Vector, PromType.Matrix),
        ["resets"] = new(PromType.Vector, PromType.Matrix),
        ["round"] = new(PromType.Vector, PromType.Vector, PromType.Scalar) { Optional = 1 },
        ["scalar"] = new(PromType.Scalar, PromType.Vector),
        ["sgn"] = new(PromType.Vector, PromType.Vector),
        ["sin"] = new(PromType.Vector, PromType.Vector),
        ["sinh"] = new(PromType.Vector, PromType.Vector),
        ["sort"] = new(PromType.Vector, PromType.Vector),
        ["sort_by_label"] = new(PromType.Vector, PromType.Vector, PromType.Text) { Repeats = true },
        ["sort_by_label_desc"] = new(PromType.Vector, PromType.Vector, PromType.Text) { Repeats = true },
        ["sort_desc"] = new(PromType.Vector, PromType.Vector),
        ["sqrt"] = new(PromType.Vector, PromType.Vector),
        ["start"] = new(PromType.Scalar),
        ["start_timestamp"] = new(PromType.Vector, PromType.Vector),
        ["stddev_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["stdvar_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["step"] = new(PromType.Scalar),
        ["sum_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["tan"] = new(PromType.Vector, PromType.Vector),
        ["tanh"] = new(PromType.Vector, PromType.Vector),
        ["time"] = new(PromType.Scalar),
        ["timestamp"] = new(PromType.Vector, PromType.Vector),
        ["ts_of_first_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["ts_of_last_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["ts_of_max_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["ts_of_min_over_time"] = new(PromType.Vector, PromType.Matrix),
        ["vector"] = new(PromType.Vector, PromType.Scalar),
        ["year"] = new(PromType.Vector, PromType.Vector) { Optional = 1 },
    };

    /// <summary>Functions that are words of the language too, and may be written in any case.</summary>
    public static readonly IReadOnlySet<string> AnyCase = new HashSet<string> { "end", "max_of", "min_of", "range", "start", "step" };

    /// <summary>The functions of a range that know what to do with one that is anchored, and with one that is smoothed.</summary>
    public static readonly IReadOnlyDictionary<PromEdges, string[]> OfEdges = new Dictionary<PromEdges, string[]>
    {
        [PromEdges.Anchored] = ["changes", "delta", "increase", "rate", "resets"],
        [PromEdges.Smoothed] = ["delta", "increase", "rate"],
    };

    /// <summary>The aggregations, and what stands before what they fold.</summary>
    public static readonly IReadOnlyDictionary<string, (PromAggregation Op, PromType? Takes)> Aggregations = new Dictionary<string, (PromAggregation, PromType?)>
    {
        ["avg"] = (PromAggregation.Avg, null),
        ["bottomk"] = (PromAggregation.BottomK, PromType.Scalar),
        ["count"] = (PromAggregation.Count, null),
        ["count_values"] = (PromAggregation.CountValues, PromType.Text),
        ["group"] = (PromAggregation.Group, null),
        ["limit_ratio"] = (PromAggregation.LimitRatio, PromType.Scalar),
        ["limitk"] = (PromAggregation.LimitK, PromType.Scalar),
        ["max"] = (PromAggregation.Max, null),
        ["min"] = (PromAggregation.Min, null),
        ["quantile"] = (PromAggregation.Quantile, PromType.Scalar),
        ["stddev"] = (PromAggregation.Stddev, null),
        ["stdvar"] = (PromAggregation.Stdvar, null),
        ["sum"] = (PromAggregation.Sum, null),
        ["topk"] = (PromAggregation.TopK, PromType.Scalar),
    };

    /// <summary>Words of the language that no metric may have as its name without quotes.</summary>
    public static readonly IReadOnlySet<string> Reserved = new HashSet<string> { "bool", "on", "ignoring", "group_left", "group_right", "atan2" };

    /// <summary>The name that was probably meant by one that is not there: at most two slips away; null when none or a name too short to say.</summary>
    public static string? Nearest(string name)
    {
        const int slipsMax = 2;
        return Evaluated.Keys.Concat(Aggregations.Keys)
            .Select(known => (known, slips: Slips(name, known)))
            .Where(c => c.slips <= slipsMax && c.slips < c.known.Length / 2.0)
            .OrderBy(c => c.slips).ThenBy(c => c.known, StringComparer.Ordinal)
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
