using System.Text.Json;

namespace HmsOps.SideBySide.Table;

/// <summary>One part of one run of one server, as it was measured.</summary>
internal sealed record RawLine(
    string Scale, string Peer, int Run, string Part, string Version, string Flags, DateTimeOffset At, double Seconds, double LoadBefore, double LoadAfter,
    IReadOnlyDictionary<string, double> Figures, IReadOnlyDictionary<string, string> Missing);

/// <summary>The file of raw lines, JSON each: it only grows, and of two lines about the same the later counts.</summary>
internal sealed class RawLines
{
    private readonly string _path;
    private readonly Dictionary<(string, string, int, string, string), RawLine> _lines = [];

    public RawLines(string path)
    {
        _path = path;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/");
        if (!File.Exists(path))
            return;
        foreach (var (number, text) in File.ReadLines(path).Index())
        {
            try
            {
                Keep(JsonSerializer.Deserialize<RawLine>(text) ?? throw new JsonException("it is null"));
            }
            catch (JsonException wrong)
            {
                throw new InvalidDataException($"{path}:{number + 1}: no raw line of this program ({wrong.Message}). Take the line out, or another file with --raw.", wrong);
            }
        }
    }

    /// <summary>Those of the newest version of each server at each scale.</summary>
    public IReadOnlyList<RawLine> Newest =>
        [.. _lines.Values.GroupBy(l => (l.Scale, l.Peer)).SelectMany(g => g.GroupBy(l => l.Version).MaxBy(v => v.Max(l => l.At))!).OrderBy(l => l.At)]; // no group is empty

    public bool Has(string scale, string peer, int run, string part, string version) => _lines.ContainsKey((scale, peer, run, part, version));

    public void Add(RawLine line)
    {
        File.AppendAllText(_path, JsonSerializer.Serialize(line) + "\n");
        Keep(line);
    }

    private void Keep(RawLine line) => _lines[(line.Scale, line.Peer, line.Run, line.Part, line.Version)] = line;
}
