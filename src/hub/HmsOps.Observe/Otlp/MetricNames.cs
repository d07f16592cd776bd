namespace HmsOps.Observe.Otlp;

/// <summary>
/// The name of a metric in Prometheus' model: as its maker wrote it, then the unit in full, then <c>_total</c> for what only grows and <c>_ratio</c> for a
/// gauge without dimension, each unless it is there already. The rules are OpenTelemetry's "Prometheus and OpenMetrics Compatibility", names kept as UTF-8.
/// </summary>
internal static class MetricNames
{
    private static readonly Dictionary<string, string> Units = Table(
        ("d", "days"), ("h", "hours"), ("min", "minutes"), ("s", "seconds"), ("ms", "milliseconds"), ("us", "microseconds"), ("ns", "nanoseconds"),
        ("By", "bytes"), ("KiBy", "kibibytes"), ("MiBy", "mebibytes"), ("GiBy", "gibibytes"), ("TiBy", "tebibytes"),
        ("kBy", "kilobytes"), ("KBy", "kilobytes"), ("MBy", "megabytes"), ("GBy", "gigabytes"), ("TBy", "terabytes"),
        ("m", "meters"), ("V", "volts"), ("A", "amperes"), ("J", "joules"), ("W", "watts"), ("g", "grams"),
        ("Cel", "celsius"), ("Hz", "hertz"), ("%", "percent"), ("1", ""));

    private static readonly Dictionary<string, string> PerUnits = Table(
        ("s", "second"), ("m", "minute"), ("h", "hour"), ("d", "day"), ("w", "week"), ("mo", "month"), ("y", "year"));

    /// <summary>The name of a metric's family.</summary>
    public static string Family(string name, string unit, PointKind kind, bool isMonotonic)
    {
        var (main, per) = Split(unit);
        var ending = "";
        if (kind == PointKind.Gauge && unit == "1")
            ending = "_ratio";
        else if (kind == PointKind.Sum && isMonotonic)
            ending = "_total";
        name = Without(name, ending);
        if (per.Length > 0)
            name = Without(name, $"_{per}");
        if (main.Length > 0 && !name.EndsWith(main, StringComparison.Ordinal))
            name = $"{name}_{main}";
        return per.Length > 0 ? $"{name}_{per}{ending}" : name + ending;
    }

    /// <summary>The unit as metadata has it: <c>seconds</c>, <c>bytes_per_second</c>.</summary>
    public static string Unit(string unit)
    {
        var (main, per) = Split(unit);
        return main.Length > 0 && per.Length > 0 ? $"{main}_{per}" : main + per;
    }

    // A unit in braces is a remark, not a unit.
    private static (string Main, string Per) Split(string unit)
    {
        var slash = unit.IndexOf('/', StringComparison.Ordinal);
        var main = (slash < 0 ? unit : unit[..slash]).Trim();
        var per = slash < 0 ? "" : unit[(slash + 1)..].Trim();
        main = IsRemark(main) ? "" : Units.GetValueOrDefault(main, main);
        per = IsRemark(per) || per.Length == 0 ? "" : $"per_{PerUnits.GetValueOrDefault(per, per)}";
        return (main, per);
    }

    private static Dictionary<string, string> Table(params ReadOnlySpan<(string Unit, string Words)> rows)
    {
        var table = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (unit, words) in rows)
            table.Add(unit, words);
        return table;
    }

    private static bool IsRemark(string unit) => unit.AsSpan().IndexOfAny('{', '}') >= 0;

    // Whatever character stands before the word is taken for its delimiter: "requests.total" is "requests".
    private static string Without(string name, string ending) =>
        ending.Length > 0 && name.Length > ending.Length && name.EndsWith(ending[1..], StringComparison.Ordinal) ? name[..^ending.Length] : name;
}

/// <summary>The kinds of data points OTLP has.</summary>
internal enum PointKind
{
    Gauge,
    Sum,
    Histogram,
    Exponential,
    Summary,
}
