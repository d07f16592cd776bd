using HmsOps.Workspace.Quantities;

namespace HmsOps.App.Verbs.Query;

/// <summary>How an answer is shown.</summary>
internal enum ShownAs
{
    Table,
    Chart,
    Csv,
    Json,
}

/// <summary>Whether an expression is explained.</summary>
internal enum Explained
{
    /// <summary>It is answered.</summary>
    No,

    /// <summary>How it would be worked out; nothing is read.</summary>
    Plan,

    /// <summary>How it was worked out, and what each part cost.</summary>
    Run,
}

/// <summary>What is asked: an expression, of when, and how it is to be shown.</summary>
/// <param name="Expression">As it was typed.</param>
/// <param name="When">One moment, or a range of times.</param>
/// <param name="Form">How it is shown; an explanation is a tree where an answer would be a table.</param>
/// <param name="Explained">Whether the answer is wanted, or how it is made.</param>
internal sealed record QueryOrder(string Expression, QueryTimes When, ShownAs Form, Explained Explained = Explained.No)
{
    private const int PointsMax = 11_000; // of a series, as every hub has it

    /// <summary>Reads the options; why not, when they cannot be read.</summary>
    public static QueryOrder? Read(QueryOptions typed, TimeWords words, bool onTerminal, out string why)
    {
        why = "";
        var times = ReadTimes(typed, words, ref why);
        if (times is null)
            return null;
        var explained = Explained.No;
        if (typed.Explain is { } explain && (!TryName(explain, out explained) || explained == Explained.No))
            why = $"--explain {explain}: there are plan and run; run is meant where neither is named";
        // Piped output is for programs and pagers: no chart unless one is asked for.
        var form = times.IsRange && onTerminal && explained == Explained.No ? ShownAs.Chart : ShownAs.Table;
        if (typed.IsJson && typed.Format is not null)
            why = "--json is --format json: leave one of them out";
        else if (typed.IsJson)
            form = ShownAs.Json;
        else if (typed.Format is { } format && !TryName(format, out form))
            why = $"--format {format}: there are table, chart, csv and json";
        else if (form is ShownAs.Chart or ShownAs.Csv && explained != Explained.No)
            why = $"an explanation is a tree, or JSON: leave --format {typed.Format} out";
        else if (form == ShownAs.Chart && !times.IsRange)
            why = "a chart needs a range: name one with --from, for example --from -1h";
        return why.Length == 0 ? new QueryOrder(typed.Expression, times, form, explained) : null;
    }

    private static QueryTimes? ReadTimes(QueryOptions typed, TimeWords words, ref string why)
    {
        if (typed.From is null)
        {
            var at = words.Now;
            if (typed.To is not null || typed.Step is not null)
                why = $"{(typed.To is not null ? "--to" : "--step")} belongs to a range: name its beginning with --from, for example --from -1h";
            else if (typed.At is not null && !words.TryTime(typed.At, words.Now, out at))
                why = $"--at {typed.At} is no time: {TimeWords.HowTimes}";
            return why.Length == 0 ? new QueryTimes(at, at, 0) : null;
        }
        var (from, to, step) = (0L, words.NextSecond, 0L);
        if (typed.At is not null)
            why = "--at asks for one moment and --from for a range: leave one of them out";
        else if (!words.TryTime(typed.From, words.NextSecond, out from))
            why = $"--from {typed.From} is no time: {TimeWords.HowTimes}";
        else if (typed.To is not null && !words.TryTime(typed.To, words.NextSecond, out to))
            why = $"--to {typed.To} is no time: {TimeWords.HowTimes}";
        else if (to < from)
            why = $"the range ends before it begins: --from is {Utc(from)}, --to is {Utc(to)}";
        else if (typed.Step is null)
            step = QueryTimes.SensibleStep(to - from);
        else if (!TimeWords.TrySpan(typed.Step, out step))
            why = $"--step {typed.Step} is no span of time: {TimeWords.HowSpans}";
        else if ((to - from) / step >= PointsMax)
            why = $"--step {typed.Step} makes {(to - from) / step + 1:n0} points a series, and {PointsMax:n0} is the most: take {LeastStep(to - from)} or longer, or a shorter range";
        return why.Length == 0 ? new QueryTimes(from, to, step) : null;
    }

    private static string Utc(long time) => TimeWords.Local(time, TimeZoneInfo.Utc) + " UTC";

    private static string LeastStep(long range) => Durations.Format(TimeSpan.FromSeconds(range / 1_000 / (PointsMax - 1) + 1));

    private static bool TryName<T>(string text, out T named)
        where T : struct, Enum =>
        Enum.TryParse(text, ignoreCase: true, out named) && text.All(char.IsAsciiLetter);
}

/// <summary>What was typed, unread.</summary>
internal sealed record QueryOptions(string Expression)
{
    public string? At { get; init; }

    public string? From { get; init; }

    public string? To { get; init; }

    public string? Step { get; init; }

    public string? Format { get; init; }

    public bool IsJson { get; init; }

    /// <summary>What is to be explained; null where nothing is.</summary>
    public string? Explain { get; init; }
}

/// <summary>Of when an answer is wanted, in milliseconds since 1970.</summary>
/// <param name="From">The first time, or the only one.</param>
/// <param name="To">The last time, inclusive.</param>
/// <param name="Step">Between two of them; 0 where one moment is asked for.</param>
internal sealed record QueryTimes(long From, long To, long Step)
{
    // As many points as a chart in a terminal can show.
    private const int PointsWanted = 240;
    private const long DayMs = 86_400_000;

    private static readonly long[] Ladder =
        [1_000, 5_000, 15_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 3 * 3_600_000, 6 * 3_600_000, 12 * 3_600_000, DayMs, 7 * DayMs, 30 * DayMs];

    /// <summary>False: one moment.</summary>
    public bool IsRange => Step > 0;

    /// <summary>The step of a range that names none: a 240th of it, rounded up to what people would choose.</summary>
    public static long SensibleStep(long range)
    {
        var least = range / PointsWanted + (range % PointsWanted == 0 ? 0 : 1);
        return Array.Find(Ladder, step => step >= least) is var found and > 0 ? found : (least + DayMs - 1) / DayMs * DayMs;
    }
}
