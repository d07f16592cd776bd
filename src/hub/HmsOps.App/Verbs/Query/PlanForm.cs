using System.Globalization;
using System.Text;
using HmsOps.Present.Web.Words;
using HmsOps.PromQL;

namespace HmsOps.App.Verbs.Query;

/// <summary>
/// How an expression is worked out, as a tree: a line a part with what it cost, below it how it is done, then the parts it is made from. What a part cost includes
/// what is below it.
/// </summary>
internal sealed class PlanForm
{
    private const string Between = "  ";
    private const int TextMin = 24; // of a part, however narrow the terminal
    private const int IndentMax = 24; // deeper, the lines from the root are left out

    private static readonly int Grey = ChartPaper.InksOfTheirOwn + 1;
    private static readonly string[] Heads = ["time", "series", "samples", "memory"];

    private readonly ChartPaper _paper;
    private readonly List<Line> _lines = [];
    private readonly StringBuilder _text = new();

    private PlanForm(ChartPaper paper) => _paper = paper;

    /// <summary>Lines, each with its end. Figures are there where the expression was worked out.</summary>
    public static string Of(PromPlan plan, ChartPaper paper)
    {
        var form = new PlanForm(paper);
        form.Add(plan, "", "");
        form.Write();
        return form._text.ToString();
    }

    private void Add(PromPlan plan, string branch, string below)
    {
        _lines.Add(new Line(branch, below + (plan.Parts.Count > 0 ? "│ " : "  "), plan));
        for (var i = 0; i < plan.Parts.Count; i++)
        {
            var isLast = i == plan.Parts.Count - 1;
            Add(plan.Parts[i], below + (isLast ? "└─ " : "├─ "), below + (isLast ? "   " : "│  "));
        }
    }

    private void Write()
    {
        var isTraced = _lines.Exists(line => line.Plan.Cost is not null);
        int[] widths = isTraced ? [.. Heads.Select((head, i) => _lines.Max(line => Math.Max(head.Length, line.Figures[i].Length)))] : [];
        var room = Math.Max(TextMin, _paper.Cells - widths.Sum(width => width + Between.Length));
        if (isTraced)
            _text.Append(' ', room).Append(_paper.Inked(Grey, Row(Heads, widths))).Append('\n');
        foreach (var line in _lines)
        {
            var branch = Shortened(line.Branch);
            var part = CellText.FitEnds(CellText.Safe(line.Plan.Text), Math.Max(1, room - branch.Length));
            _text.Append(Lines(branch));
            if (line.Plan.Cost is null)
                _text.Append(part);
            else
                _text.Append(CellText.Left(part, room - branch.Length)).Append(Row(line.Figures, widths).TrimEnd());
            _text.Append('\n');
            var below = Shortened(line.Below);
            foreach (var words in Wrapped(CellText.Safe(line.Plan.How), Math.Max(TextMin, _paper.Cells - below.Length)))
                _text.Append(Lines(below)).Append(_paper.Inked(Grey, words)).Append('\n');
        }
    }

    // A part that was there already cost nothing again.
    private static string[] FiguresOf(PlanCost? cost) => cost switch
    {
        null => ["", "", "", ""],
        { IsReused: true } => ["reused", Quantity.Count(cost.Series), "", ""],
        _ => [Plain(Quantity.Of(cost.Took.TotalSeconds, "s")), Quantity.Count(cost.Series), Quantity.Count(cost.Samples), Plain(Quantity.Bytes(cost.Points * (double)sizeof(double)))],
    };

    // Columns line up by cells; a terminal does not break lines at spaces.
    private static string Plain(string quantity) => quantity.Replace('\u00a0', ' ');

    private static string Row(string[] cells, int[] widths) => string.Concat(cells.Select((cell, i) => Between + cell.PadLeft(widths[i])));

    private static string Shortened(string lines) => lines.Length <= IndentMax ? lines : string.Concat("…", lines.AsSpan(lines.Length - IndentMax + 1));

    private string Lines(string lines) => lines.Length == 0 ? "" : _paper.Inked(Grey, lines);

    // Lines of words, a new one after each semicolon; a word that is longer than a line is broken.
    private static IEnumerable<string> Wrapped(string text, int cells)
    {
        var line = new StringBuilder();
        foreach (var word in text.Split(' ').SelectMany(word => Pieces(word, cells)))
        {
            if (line.Length > 0 && CellText.Width(line.ToString()) + 1 + CellText.Width(word) > cells)
            {
                yield return line.ToString();
                line.Clear();
            }
            if (line.Length > 0)
                line.Append(' ');
            line.Append(word);
            if (!word.EndsWith(';'))
                continue;
            yield return line.ToString();
            line.Clear();
        }
        if (line.Length > 0)
            yield return line.ToString();
    }

    private static IEnumerable<string> Pieces(string word, int cells)
    {
        var piece = new StringBuilder();
        var width = 0;
        var elements = StringInfo.GetTextElementEnumerator(word);
        while (elements.MoveNext())
        {
            var element = elements.GetTextElement();
            if (width > 0 && width + CellText.Width(element) > cells)
            {
                yield return piece.ToString();
                piece.Clear();
                width = 0;
            }
            piece.Append(element);
            width += CellText.Width(element);
        }
        yield return piece.ToString();
    }

    /// <summary>A part in its place.</summary>
    /// <param name="Branch">What leads to it.</param>
    /// <param name="Below">What stands before the words below it.</param>
    /// <param name="Plan">The part.</param>
    private sealed record Line(string Branch, string Below, PromPlan Plan)
    {
        /// <summary>What it cost, a text for each head; empty where nothing is known of it.</summary>
        public string[] Figures { get; } = FiguresOf(Plan.Cost);
    }
}
