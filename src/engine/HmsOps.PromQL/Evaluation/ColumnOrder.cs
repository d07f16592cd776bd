using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary><c>sort</c> and its kin. Order means something in an answer for one time alone; over a range the asker is told so.</summary>
internal static class ColumnOrder
{
    public static List<Column> Sort(EvaluationRun run, PromNode.Call call, List<Column> vector)
    {
        vector = [.. vector]; // others may have it too
        var isByLabel = call.Function.StartsWith("sort_by_label", StringComparison.Ordinal);
        if (run.Grid.Steps > 1)
        {
            run.Notes.Warn(call.At, "sort is ineffective for range queries since results are always ordered by labels");
            return isByLabel ? vector : [.. vector.Select(series => NumbersOf(run, call.At, series)).Where(series => !series.IsEmpty)];
        }
        var isDescending = call.Function.EndsWith("_desc", StringComparison.Ordinal);
        if (isByLabel)
        {
            string[] names = [.. call.Arguments.Skip(1).Select(LabelFunctions.TextOf)];
            vector.Sort((a, b) => ByLabels(a.Labels, b.Labels, names) * (isDescending ? -1 : 1));
            return vector;
        }
        var numbers = vector.Where(series => series.HasNumber(0)).ToList(); // histograms have no order, and are left out
        numbers.Sort((a, b) => ByValue(a.Values[0], b.Values[0], isDescending) is not 0 and var order ? order : Labels.Compare(a.Labels, b.Labels));
        return numbers;
    }

    // Without its histograms: also where nothing is put in order they are left out.
    private static Column NumbersOf(EvaluationRun run, SourceRange at, Column series)
    {
        if (series.Histograms is null)
            return series;
        var numbers = run.Column(series.Labels, series.DropsName, at);
        for (var step = 0; step < run.Grid.Steps; step++)
        {
            run.CheckAt(step);
            if (series.HasNumber(step))
                numbers.Set(step, series.Values[step]);
        }
        return numbers;
    }

    /// <summary>NaN comes last, in whichever direction.</summary>
    public static int ByValue(double a, double b, bool isDescending) => (double.IsNaN(a), double.IsNaN(b)) switch
    {
        (true, true) => 0,
        (true, false) => 1,
        (false, true) => -1,
        _ => isDescending ? b.CompareTo(a) : a.CompareTo(b),
    };

    private static int ByLabels(Labels a, Labels b, string[] names)
    {
        foreach (var name in names)
        {
            var order = Natural(a.Text(name), b.Text(name));
            if (order != 0)
                return order;
        }
        return Labels.Compare(a, b);
    }

    // Digits in a row count as a number: pod-9 before pod-10.
    internal static int Natural(string a, string b)
    {
        var (i, j) = (0, 0);
        while (i < a.Length && j < b.Length)
        {
            if (char.IsAsciiDigit(a[i]) && char.IsAsciiDigit(b[j]))
            {
                var x = Digits(a, ref i);
                var y = Digits(b, ref j);
                var order = x.Length != y.Length ? x.Length.CompareTo(y.Length) : x.SequenceCompareTo(y);
                if (order != 0)
                    return order;
                continue;
            }
            if (a[i] != b[j])
                return a[i].CompareTo(b[j]);
            i++;
            j++;
        }
        return (a.Length - i).CompareTo(b.Length - j);
    }

    private static ReadOnlySpan<char> Digits(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        return text.AsSpan(start, at - start).TrimStart('0');
    }
}
