using System.Globalization;
using HmsOps.PromQL.Syntax;
using HmsOps.PromQL.Tests.Notation;

namespace HmsOps.PromQL.Tests.Scripts;

/// <summary>A file of series and of what expressions say about them: README.md has the notation. Read strictly: what is not understood is an error with its line.</summary>
public sealed class TestScript
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Scripts");

    private readonly List<ScriptCase> _cases = [];
    private readonly List<SeriesNotation.Line> _series = [];
    private readonly string[] _lines;
    private LiteralSource? _source; // of what is loaded, once it is asked
    private string? _newer;
    private int _at;

    private TestScript(string name, string[] lines)
    {
        (Name, _lines) = (name, lines);
        while (_at < _lines.Length)
            ReadBlock();
    }

    /// <summary>The name of its file.</summary>
    public string Name { get; }

    public IReadOnlyList<ScriptCase> Cases => _cases;

    /// <summary>All scripts, by name.</summary>
    public static IReadOnlyList<TestScript> All { get; } =
    [
        .. Directory.GetFiles(Folder, "*.promql").Order(StringComparer.Ordinal).Select(path => new TestScript(Path.GetFileName(path), File.ReadAllLines(path))),
    ];

    /// <summary>A script that is no file.</summary>
    public static TestScript Of(string text) => new("text", text.Split('\n'));

    private void ReadBlock()
    {
        var number = _at + 1;
        var head = Plain(_lines[_at++]);
        if (head.Length == 0)
            return;
        if (char.IsWhiteSpace(head[0]))
            throw Wrong(number, "it belongs to nothing: a line that begins with a space goes with an 'every', 'at' or 'from' above it");
        var body = ReadBody();
        if (head == "forget")
            Forget(body);
        else if (head == "as ever")
            _newer = null;
        else if (head.StartsWith("newer:", StringComparison.Ordinal))
            _newer = head["newer:".Length..].Trim();
        else if (head.StartsWith("every ", StringComparison.Ordinal))
            Load(number, head, body);
        else
            _cases.Add(ReadCase(number, head, body));
    }

    private List<(int Number, string Text)> ReadBody()
    {
        var body = new List<(int, string)>();
        for (; _at < _lines.Length; _at++)
        {
            var text = Plain(_lines[_at]);
            if (text.Length > 0 && !char.IsWhiteSpace(text[0]))
                break;
            if (text.Length > 0)
                body.Add((_at + 1, text.Trim()));
        }
        return body;
    }

    private void Forget(List<(int Number, string Text)> body)
    {
        if (body.Count > 0)
            throw Wrong(body[0].Number, "'forget' takes nothing");
        _series.Clear();
        (_source, _newer) = (null, null);
    }

    // every 1m [from 1h]
    private void Load(int number, string head, List<(int Number, string Text)> body)
    {
        if (_source is not null)
            throw Wrong(number, "series are loaded before the first question; write 'forget' to begin with others");
        var words = head.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not (["every", _] or ["every", _, "from", _]))
            throw Wrong(number, "expected 'every 1m' or 'every 1m from 1h'");
        var (every, from) = (Time(number, words[1]), words.Length == 4 ? Time(number, words[3]) : 0);
        foreach (var (at, text) in body)
        {
            try
            {
                _series.Add(SeriesNotation.Read(text, every, from));
            }
            catch (FormatException wrong)
            {
                throw Wrong(at, wrong.Message);
            }
        }
    }

    private ScriptCase ReadCase(int number, string head, List<(int Number, string Text)> body)
    {
        var colon = head.IndexOf(": ", StringComparison.Ordinal);
        var words = colon < 0 ? [] : head[..colon].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        _source ??= new LiteralSource(_series);
        var text = colon < 0 ? "" : head[(colon + 2)..].Trim();
        var times = words switch
        {
            ["at", var at] => new ScriptTimes(Time(number, at), null, 1),
            ["from", var from, "to", var to, "every", var step] => new ScriptTimes(Time(number, from), Time(number, to), Time(number, step)),
            _ => throw Wrong(number, "expected 'every', 'at TIME: expression', 'from TIME to TIME every STEP: expression', 'newer: rule', 'as ever' or 'forget'"),
        };
        var expected = new ExpectationReader(times);
        foreach (var (at, line) in body)
        {
            try
            {
                expected.Read(line);
            }
            catch (FormatException wrong)
            {
                throw Wrong(at, wrong.Message);
            }
        }
        if (body.Count == 0)
            throw Wrong(number, "it expects nothing; write 'nothing' where there is no series");
        return new ScriptCase(Name, number, head, text, times, _source, expected.Answer, expected.IsInOrder, _newer);
    }

    private long Time(int number, string text)
    {
        if (decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var seconds))
            return (long)(seconds * 1000);
        var isMinus = text.StartsWith('-');
        if (Literals.TryDuration(text.AsSpan(isMinus ? 1 : 0), out var milliseconds, out var why))
            return isMinus ? -milliseconds : milliseconds;
        throw Wrong(number, why);
    }

    private FormatException Wrong(int number, string why) => new($"{Name}:{number}: {why.TrimEnd('.')}. Found: {_lines[number - 1].Trim()}");

    // Without its remark; a # inside quotes, or inside a word, is none.
    private static string Plain(string line)
    {
        char? quote = null;
        for (var i = 0; i < line.Length; i++)
        {
            if (quote is not null && quote != '`' && line[i] == '\\')
                i++;
            else if (line[i] == quote)
                quote = null;
            else if (quote is null && line[i] is '"' or '`')
                quote = line[i];
            else if (quote is null && line[i] == '#' && (i == 0 || char.IsWhiteSpace(line[i - 1])))
                return line[..i].TrimEnd();
        }
        return line.TrimEnd();
    }
}

/// <summary>When a script asks.</summary>
/// <param name="FromMs">The time, or the first of a range.</param>
/// <param name="ToMs">The last of a range; null for one time.</param>
/// <param name="StepMs">From one to the next.</param>
public readonly record struct ScriptTimes(long FromMs, long? ToMs, long StepMs);

/// <summary>One question of a script, and what it expects.</summary>
/// <param name="File">In which file.</param>
/// <param name="Line">In which line of it.</param>
/// <param name="Question">As it is written.</param>
/// <param name="Text">The expression.</param>
/// <param name="Times">When it is asked.</param>
/// <param name="Source">What was loaded; one for all questions between two 'forget'.</param>
/// <param name="Expected">The answer.</param>
/// <param name="IsInOrder">The order of its rows counts.</param>
/// <param name="Newer">By which rule Prometheus 2.42 answers otherwise; null where it answers the same.</param>
public sealed record ScriptCase(
    string File, int Line, string Question, string Text, ScriptTimes Times, LiteralSource Source, ScriptAnswer Expected, bool IsInOrder, string? Newer)
{
    public override string ToString() => $"{File}:{Line}: {Question}";
}
