using HmsOps.PromQL.Syntax;
using HmsOps.PromQL.Tests.Notation;

namespace HmsOps.PromQL.Tests.Scripts;

/// <summary>Reads the lines under a question.</summary>
internal sealed class ExpectationReader(ScriptTimes times)
{
    private readonly List<ScriptRow> _rows = [];
    private readonly List<string> _says = [];
    private string? _fails;

    public bool IsInOrder { get; private set; }

    public ScriptAnswer Answer => new(_rows, _says, _fails);

    public void Read(string line)
    {
        var (word, rest) = line.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space ? (line[..space], line[(space + 1)..].Trim()) : (line, "");
        switch (word)
        {
            case "nothing" when rest == "":
                break;
            case "in" when rest == "this order":
                IsInOrder = true;
                break;
            case "says:":
                _says.Add(rest);
                break;
            case "fails:":
                _fails = rest;
                break;
            case "number":
                _rows.Add(new ScriptRow(ScriptRow.Number, Cells([rest])));
                break;
            case "text":
                _rows.Add(new ScriptRow($"text {rest}", []));
                break;
            default:
                var (labels, items) = SeriesNotation.Parts(line);
                _rows.Add(new ScriptRow(labels.ToString(), Cells(items)));
                break;
        }
    }

    private List<ScriptCell> Cells(IReadOnlyList<string> items)
    {
        var cells = new List<ScriptCell>();
        var at = times.FromMs;
        foreach (var item in items)
        {
            // 5@1m: a sample with its own time, as a range vector has them.
            var (written, own) = item.LastIndexOf('@') is > 0 and var sign ? (item[..sign], Time(item[(sign + 1)..])) : (item, (long?)null);
            foreach (var cell in SeriesNotation.Expand(written))
            {
                if (cell is { } value)
                    cells.Add(new ScriptCell(own ?? at, value, IsMinusZero: written.StartsWith("-0", StringComparison.Ordinal) && value.Number == 0));
                at += times.StepMs;
            }
        }
        var last = times.ToMs ?? times.FromMs;
        if (cells.Exists(cell => cell.Time > last))
            throw new FormatException("it has more values than there are steps");
        if (cells.Count == 0)
            throw new FormatException("it has no value");
        return cells;
    }

    private static long Time(string text) =>
        Literals.TryDuration(text, out var milliseconds, out var why) ? milliseconds : throw new FormatException(why);
}
