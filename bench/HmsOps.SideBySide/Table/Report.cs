using System.Globalization;
using System.Text;
using HmsOps.SideBySide.Data;
using HmsOps.SideBySide.Parts;
using HmsOps.SideBySide.Peers;

namespace HmsOps.SideBySide.Table;

/// <summary>What the raw lines say, as a table: medians, best runs in brackets, and our ratio to the better of the others.</summary>
internal sealed class Report(IReadOnlyList<RawLine> lines)
{
    private static readonly string[] Peers = [HmsOpsHub.Called, "prometheus", "victoria-metrics"];

    private readonly StringBuilder _text = new();

    /// <summary>The text between the markers. Scales that have no line are left out by name.</summary>
    public string Write(IReadOnlyList<string> scales)
    {
        var used = lines.Where(l => scales.Contains(l.Scale)).ToArray();
        if (used.Length == 0)
            return $"Nothing was measured at {string.Join(", ", scales)}.\n";
        Head(used, scales);
        _text.AppendLine().AppendLine("| scale | measure | " + string.Join(" | ", Peers) + " | ratio | must | aim | |");
        _text.AppendLine("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
        foreach (var line in TableLine.All.SelectMany(line => Shown(line, scales)))
            Row(line);
        foreach (var scale in scales)
            Refusals(scale);
        return _text.ToString();
    }

    // `small` shows the lines of `fleet`, and no target: it is there to see that the program works.
    private static IEnumerable<TableLine> Shown(TableLine line, IReadOnlyList<string> scales)
    {
        if (scales.Contains(line.Scale))
            yield return line;
        if (line.Scale == "fleet" && scales.Contains("small"))
            yield return line with { Scale = "small", Must = null, Aim = null };
    }

    private void Head(RawLine[] used, IReadOnlyList<string> scales)
    {
        var runs = used.GroupBy(l => (l.Scale, l.Peer, l.Part)).Select(g => g.Count()).ToArray();
        _text.AppendLine(CultureInfo.InvariantCulture, $"Made by `bench/side-by-side --scale {string.Join(',', scales.Where(s => used.Any(l => l.Scale == s)))} --runs {runs.Max()}` and `bench/side-by-side report`: "
            + $"{Range(runs.Min(), runs.Max())} runs of a part, medians, the best run in brackets; {Machine()}; load average {used.Min(l => Math.Min(l.LoadBefore, l.LoadAfter)):0.0} to {used.Max(l => Math.Max(l.LoadBefore, l.LoadAfter)):0.0}, "
            + $"{used[0].LoadBefore:0.0} at the begin and {used[^1].LoadAfter:0.0} at the end.");
        _text.AppendLine("A ratio is ours to the better of the two others; for samples per core-second more is better, else less. `bench/README.md` says what each line is.").AppendLine();
        foreach (var line in used.Where(l => Peers.Contains(l.Peer)).DistinctBy(l => (l.Peer, l.Version)).OrderBy(l => Array.IndexOf(Peers, l.Peer)))
            _text.AppendLine(CultureInfo.InvariantCulture, $"* {line.Peer}: {line.Version}, started with `{line.Flags}`");
    }

    private static string Range(int least, int most) => least == most ? $"{most}" : $"{least} to {most}";

    private static string Machine()
    {
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown processor";
        var memory = long.Parse(File.ReadLines("/proc/meminfo").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) >> 20;
        return $"{Environment.ProcessorCount} cores of {model}, {memory} GiB";
    }

    private void Row(TableLine line)
    {
        var medians = Peers.Select(peer => MedianOf(line, peer)).ToArray();
        var ratio = line.IsAbsolute ? null : RatioOf(line, medians);
        var cells = medians.Select(m => m is { } value ? $"{Number(value.Median)} ({Number(value.Best)})" : "–");
        _text.AppendLine($"| {line.Scale} | {line.Title}{OverHowMany(line)} | {string.Join(" | ", cells)} | {(ratio is { } r ? Number(r) : "–")} | {Target(line, line.Must)} | {Target(line, line.Aim)} | {Verdict(line, medians, ratio)} |");
    }

    private static string Target(TableLine line, double? target) => target is { } value ? $"{(line.MoreIsBetter ? "≥" : "≤")} {value:0.##}{(line.IsAbsolute ? " itself" : "")}" : "";

    private string OverHowMany(TableLine line) => line.Figure == TableLine.GeometricMean ? $" (the {Common(line.Scale).Count} of {Question.All.Count} that all answer)" : "";

    private string Verdict(TableLine line, (double Median, double Best)?[] medians, double? ratio)
    {
        if (medians[0] is not { } ours)
            return "not measured: " + WhyMissing(line);
        if (line.Must is not { } must || (line.IsAbsolute ? ours.Median : ratio) is not { } reached)
            return "";
        bool Holds(double target) => line.MoreIsBetter ? reached >= target : reached <= target;
        if (!Holds(must))
            return "**missed**";
        return line.Aim is { } aim && Holds(aim) ? "aim" : "met";
    }

    private string WhyMissing(TableLine line)
    {
        var ours = lines.Where(l => l.Scale == line.Scale && l.Peer == HmsOpsHub.Called).ToArray();
        var why = ours.Select(l => l.Missing.GetValueOrDefault(line.Figure)).OfType<string>().LastOrDefault()
            ?? ours.Where(l => PartOf(line.Figure) == l.Part).Select(l => l.Missing.GetValueOrDefault(Figures.Whole)).OfType<string>().LastOrDefault();
        return (why ?? "the part was not run").Replace("|", "\\|", StringComparison.Ordinal);
    }

    private static string PartOf(string figure) => figure switch
    {
        Figures.Stop or Figures.Restart or Figures.RestartAndQuery => nameof(Part.Restart),
        Figures.KilledRestart or Figures.Lost => nameof(Part.Kill),
        Figures.DiskCompacted or Figures.IndexCompacted or Figures.SealPeak => nameof(Part.Compact),
        Figures.Compared or Figures.Wrong or Figures.Rounded => nameof(Part.Check),
        Figures.Alerts or Figures.HeavyQueryMemory or TableLine.GeometricMean => nameof(Part.Queries),
        _ => figure.StartsWith("query", StringComparison.Ordinal) ? nameof(Part.Queries) : nameof(Part.Intake),
    };

    private (double Median, double Best)? MedianOf(TableLine line, string peer) =>
        line.Figure == TableLine.GeometricMean ? MeanOf(line.Scale, peer) : MedianOf(line.Scale, peer, line.Figure, line.MoreIsBetter);

    private (double Median, double Best)? MedianOf(string scale, string peer, string figure, bool moreIsBetter)
    {
        var values = lines.Where(l => l.Scale == scale && l.Peer == peer && l.Figures.ContainsKey(figure)).Select(l => l.Figures[figure]).Order().ToArray();
        if (values.Length == 0)
            return null;
        return ((values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2, moreIsBetter ? values[^1] : values[0]);
    }

    private (double Median, double Best)? MeanOf(string scale, string peer)
    {
        var figures = Common(scale).Select(q => MedianOf(scale, peer, Figures.QueryCpu(q), moreIsBetter: false)).OfType<(double Median, double Best)>().ToArray();
        return figures.Length == 0 ? null : (Math.Exp(figures.Average(f => Math.Log(f.Median))), Math.Exp(figures.Average(f => Math.Log(f.Best))));
    }

    // The questions that every server answered which was asked any.
    private IReadOnlyList<Question> Common(string scale)
    {
        var asked = lines.Where(l => l.Scale == scale && l.Part == nameof(Part.Queries)).Select(l => l.Peer).Distinct().ToArray();
        return [.. Question.All.Where(q => asked.All(peer => MedianOf(scale, peer, Figures.QueryCpu(q), moreIsBetter: false) is not null))];
    }

    private static double? RatioOf(TableLine line, (double Median, double Best)?[] medians)
    {
        var others = medians.Skip(1).OfType<(double Median, double Best)>().Select(m => m.Median).ToArray();
        if (medians[0] is not { } ours || others.Length == 0)
            return null;
        var better = line.MoreIsBetter ? others.Max() : others.Min();
        return better > 0 ? ours.Median / better : null; // a memory that shrank, a loss of nothing
    }

    private void Refusals(string scale)
    {
        var missing = lines.Where(l => l.Scale == scale)
            .SelectMany(l => l.Missing.Select(m => (l.Peer, What: m.Key == Figures.Whole ? l.Part.ToLowerInvariant() : m.Key, Why: m.Value.ReplaceLineEndings(" "))))
            .DistinctBy(m => (m.Peer, m.What)).OrderBy(m => Array.IndexOf(Peers, m.Peer)).ToArray();
        if (missing.Length == 0)
            return;
        _text.AppendLine().AppendLine($"Not measured at {scale}:").AppendLine();
        foreach (var (peer, what, why) in missing)
            _text.AppendLine($"* {peer}, {what}: {why}");
    }

    private static string Number(double value) =>
        value.ToString(Math.Abs(value) switch { 0 => "0", >= 100 => "#,0", >= 10 => "0.0", >= 0.1 => "0.00", _ => "0.000" }, CultureInfo.InvariantCulture);
}
