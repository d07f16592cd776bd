using System.Text;
using HmsOps.Series;

namespace HmsOps.App.Verbs.Query;

/// <summary>An answer as a table: a column for each label that occurs, then the value. Samples over time stand below their series.</summary>
internal static class TableForm
{
    private const string Between = "  ";
    private const string ValueHead = "value";

    /// <summary>Lines, each with its end; nothing for an empty answer.</summary>
    public static string Of(Answer answer, TimeZoneInfo zone) => answer.Kind switch
    {
        _ when answer.IsEmpty => "",
        AnswerKind.Text => answer.Text + "\n",
        AnswerKind.Scalar => answer.Series[0].Samples[0].Text + "\n",
        AnswerKind.Vector => Rows(answer.Series),
        _ => Blocks(answer.Series, zone),
    };

    private static string Rows(IReadOnlyList<AnswerSeries> series)
    {
        var names = LabelColumns.Of(series);
        List<string[]> rows = [[.. names.Select(CellText.Safe), ValueHead]];
        foreach (var one in series)
            rows.Add([.. names.Select(name => CellText.Safe(one.Labels.Text(name))), one.Samples[0].Text]);
        var widths = Enumerable.Range(0, names.Count + 1).Select(column => rows.Max(row => CellText.Width(row[column]))).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            for (var column = 0; column < names.Count; column++)
                text.Append(CellText.Left(row[column], widths[column])).Append(Between);
            text.Append(CellText.Right(row[^1], widths[^1])).Append('\n');
        }
        return text.ToString();
    }

    private static string Blocks(IReadOnlyList<AnswerSeries> series, TimeZoneInfo zone)
    {
        var text = new StringBuilder();
        foreach (var one in series.Where(one => one.Samples.Count > 0))
        {
            if (text.Length > 0)
                text.Append('\n');
            text.Append(CellText.Safe(one.Labels.ToString())).Append('\n');
            var width = one.Samples.Max(sample => CellText.Width(sample.Text));
            var timeWidth = one.Samples.Max(sample => TimeWords.Local(sample.At, zone).Length);
            foreach (var sample in one.Samples)
                text.Append(Between).Append(TimeWords.Local(sample.At, zone).PadRight(timeWidth)).Append(Between).Append(CellText.Right(sample.Text, width)).Append('\n');
        }
        return text.ToString();
    }
}

/// <summary>The labels of several series as columns.</summary>
internal static class LabelColumns
{
    /// <summary>Every name that occurs: the metric's first, the others in their order.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<AnswerSeries> series)
    {
        var metric = Encoding.UTF8.GetString(Labels.MetricName);
        var names = LabelLists.NamesOf(series.Select(one => one.Labels));
        return [.. names.Where(name => name == metric), .. names.Where(name => name != metric)];
    }
}
