using System.Text;
using HmsOps.Series;

namespace HmsOps.Observe.Wire;

/// <summary>What of one request was refused: how many items for each reason, and the first of them. Reasons are few; items may be many.</summary>
internal sealed class RefusalTally
{
    private const int NameCharsMax = 80;

    private readonly List<Row> _rows = [];

    /// <summary>Items refused.</summary>
    public long Items { get; private set; }

    public bool IsEmpty => _rows.Count == 0;

    public bool Has(string reason) => _rows.Exists(row => row.Reason == reason);

    /// <summary>Counts items; true for the first of its reason, which <see cref="NameFirst"/> may then name.</summary>
    public bool Add(string reason, string sentence, long items = 1)
    {
        Items += items;
        foreach (var row in _rows)
        {
            if (row.Reason == reason)
            {
                row.Items += items;
                return false;
            }
        }
        _rows.Add(new Row(reason, sentence) { Items = items });
        return true;
    }

    /// <summary>Says what the newest reason's first item is.</summary>
    public void NameFirst(string what) => _rows[^1].First = what;

    public bool Add(Flaw flaw, long items = 1) => Add(flaw.Reason, flaw.Sentence, items);

    /// <summary>Counts what a store refused.</summary>
    public void Add(IReadOnlyList<RefusedSample> refused)
    {
        for (var i = 0; i < refused.Count; i++)
            Add(refused[i].Reason, refused[i].Detail);
    }

    /// <summary>Adds them to the room's counters.</summary>
    public void CountInto(Refusals refusals, string door)
    {
        foreach (var row in _rows)
            refusals.Count(door, row.Reason, row.Items);
    }

    public void Clear()
    {
        _rows.Clear();
        Items = 0;
    }

    /// <summary>One line: most frequent reason first. Names of strangers are shortened and without control characters.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var row in _rows.OrderByDescending(row => row.Items).ThenBy(row => row.Reason, StringComparer.Ordinal))
        {
            text.Append(text.Length == 0 ? "" : "; ").Append($"{row.Items} {row.Reason}: ");
            if (row.First is { } first)
                text.Append(first).Append(": ");
            text.Append(row.Sentence);
        }
        return Printable(text.ToString());
    }

    /// <summary>Bytes of a stranger as text that may stand in an answer or a log.</summary>
    public static string Shown(ReadOnlySpan<byte> name)
    {
        var text = Printable(Encoding.UTF8.GetString(name.Length > 4 * NameCharsMax ? name[..(4 * NameCharsMax)] : name));
        return text.Length > NameCharsMax ? text[..NameCharsMax] + "…" : text;
    }

    private static string Printable(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? '\ufffd' : c)) : text;

    private sealed record Row(string Reason, string Sentence)
    {
        public long Items { get; set; }

        public string? First { get; set; }
    }
}
