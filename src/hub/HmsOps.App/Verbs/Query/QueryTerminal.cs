namespace HmsOps.App.Verbs.Query;

/// <summary>Where answers are shown: a terminal, a pipe or a file.</summary>
/// <param name="IsTerminal">Whether a person looks at it right away.</param>
/// <param name="Paper">What charts are drawn on.</param>
internal sealed record QueryTerminal(bool IsTerminal, ChartPaper Paper)
{
    // What a chart takes where nobody says how much room there is.
    private const int UsualCells = 80;
    private const int UsualLines = 20;

    /// <summary>The zone of whoever looks.</summary>
    public TimeZoneInfo Zone => Paper.Zone;

    /// <summary>Where this process writes to.</summary>
    public static QueryTerminal Here()
    {
        if (Console.IsOutputRedirected)
            return new QueryTerminal(false, new ChartPaper(UsualCells, UsualLines, HasColour: false, TimeZoneInfo.Local));
        // A terminal that does not know its size says 0; the last line is the next prompt's.
        var (cells, lines) = (Console.WindowWidth, Console.WindowHeight - 1);
        var hasColour = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb";
        return new QueryTerminal(true, new ChartPaper(cells > 0 ? cells : UsualCells, lines > 0 ? lines : UsualLines, hasColour, TimeZoneInfo.Local));
    }

    /// <summary>Of when something is said: <c>at …</c>, <c>between … and …</c>.</summary>
    public string When(QueryTimes when) => when.IsRange
        ? $"between {TimeWords.Local(when.From, Zone)} and {TimeWords.Local(when.To, Zone)}"
        : $"at {TimeWords.Local(when.From, Zone)}";
}
