using System.Globalization;
using System.Text;

namespace HmsOps.App.Verbs.Query;

/// <summary>An answer as RFC 4180 has tables: a header, a row for each sample, labels as columns, times as RFC 3339 in UTC.</summary>
internal static class CsvForm
{
    private const string LineEnd = "\r\n";

    /// <summary>Lines, each with its end; an empty answer is its header.</summary>
    public static string Of(Answer answer, long at)
    {
        var names = LabelColumns.Of(answer.Series);
        var text = new StringBuilder();
        Append(text, [.. names, "time", "value"]);
        if (answer.Kind == AnswerKind.Text)
            Append(text, [Time(at), answer.Text]);
        foreach (var series in answer.Series)
        {
            string[] labels = [.. names.Select(series.Labels.Text)];
            foreach (var sample in series.Samples)
                Append(text, [.. labels, Time(sample.At), sample.Text]);
        }
        return text.ToString();
    }

    private static void Append(StringBuilder text, IEnumerable<string> fields) => text.AppendJoin(',', fields.Select(Field)).Append(LineEnd);

    private static string Field(string text) =>
        text.AsSpan().IndexOfAny("\",\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Time(long at)
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(at);
        return time.ToString(time.Millisecond == 0 ? "yyyy-MM-ddTHH:mm:ssZ" : "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
    }
}
