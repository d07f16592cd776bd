using System.Globalization;
using System.Text;

namespace HmsOps.SideBySide;

/// <summary>What the runs found, as the tables of RESULTS.md: medians, and our ratio to the better of the two others.</summary>
internal sealed class Report(IReadOnlyList<Peer> peers)
{
    // Of these more is better; of everything else less.
    private static readonly HashSet<string> MoreIsBetter = ["samples per core-second, k"];

    private readonly StringBuilder _text = new();

    public void Begin(string command, int runs, string loadBefore, string loadAfter)
    {
        _text.AppendLine("# Side by side").AppendLine();
        _text.AppendLine("The same bytes sent to each server by remote write, one server at a time, each in an empty folder. Medians; in brackets the best run.");
        _text.AppendLine("A ratio compares with the better of the two others in the same run of this program: below 1 we use less (or, for samples per core-second, above 1 we do more).");
        _text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"Made by `{command}`: {runs} runs each, {Environment.ProcessorCount} cores, load average {loadBefore} before and {loadAfter} after.");
        _text.AppendLine();
        foreach (var peer in peers)
            _text.AppendLine(CultureInfo.InvariantCulture, $"* {peer.Name}: `{peer.Version}`");
    }

    public void Add(Scale scale, IReadOnlyList<(Peer Peer, Trial Trial)> trials)
    {
        _text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"## {scale.Name} ({scale.Samples / 1e6:0.##} M samples)").AppendLine();
        _text.Append("| figure |").AppendJoin("|", peers.Select(p => $" {p.Name} ")).AppendLine("| ratio |");
        _text.Append("| --- |").AppendJoin("|", peers.Select(_ => " ---: ")).AppendLine("| ---: |");
        foreach (var figure in trials.SelectMany(t => t.Trial.Figures.Keys).Distinct())
        {
            var medians = peers.Select(p => MedianOf(trials, p, figure)).ToArray();
            _text.Append(CultureInfo.InvariantCulture, $"| {figure} |").AppendJoin("|", medians.Select(Cell)).AppendLine($"| {Ratio(figure, medians)} |");
        }
        foreach (var (peer, what, why) in trials.SelectMany(t => t.Trial.Failures.Select(f => (t.Peer.Name, f.Key, f.Value))).DistinctBy(f => (f.Name, f.Key)))
            _text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{peer}, {what}: {why.ReplaceLineEndings(" ")}");
    }

    public string Text => _text.ToString();

    private static (double Median, double Best)? MedianOf(IReadOnlyList<(Peer Peer, Trial Trial)> trials, Peer peer, string figure)
    {
        var values = trials.Where(t => t.Peer == peer && t.Trial.Figures.ContainsKey(figure)).Select(t => t.Trial.Figures[figure]).Order().ToArray();
        if (values.Length == 0)
            return null;
        return (values[values.Length / 2], MoreIsBetter.Contains(figure) ? values[^1] : values[0]);
    }

    private static string Cell((double Median, double Best)? value) => value is { } v ? $" {Number(v.Median)} ({Number(v.Best)}) " : " – ";

    // The first peer is ours.
    private static string Ratio(string figure, (double Median, double Best)?[] medians)
    {
        var others = medians.Skip(1).OfType<(double Median, double Best)>().Select(m => m.Median).ToArray();
        if (medians[0] is not { } ours || others.Length == 0)
            return "–";
        var better = MoreIsBetter.Contains(figure) ? others.Max() : others.Min();
        return (ours.Median / better).ToString("0.00", CultureInfo.InvariantCulture);
    }

    private static string Number(double value) => value.ToString(value switch { >= 100 => "0", >= 10 => "0.0", >= 1 => "0.00", _ => "0.000" }, CultureInfo.InvariantCulture);
}
