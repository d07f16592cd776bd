using System.Text;
using HmsOps.Series;

namespace HmsOps.Tsdb.Blocks;

/// <summary>
/// Which rows satisfy matchers. The metric's name first: it is a range of rows. Then equalities, then the rest; what accepts an absent label is
/// subtracted, what does not is intersected. A regular expression runs over distinct values, or over the rows that are left where those are fewer.
/// </summary>
internal sealed class RowSelection(BlockIndex index, CancellationToken cancellationToken)
{
    private readonly SymbolTable _symbols = index.Symbols;
    private readonly MetricRows _names = index.Names;
    private byte[] _buffer = new byte[256];

    public RowSet Rows(IReadOnlyList<Matcher> matchers)
    {
        var rows = RowsOfNames([.. matchers.Where(IsOfName)]);
        foreach (var matcher in matchers.Where(matcher => !IsOfName(matcher)).OrderBy(matcher => matcher.Op))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (rows.IsEmpty)
                break;
            Narrow(rows, matcher);
        }
        return rows;
    }

    private static bool IsOfName(Matcher matcher) => Encoding.UTF8.GetBytes(matcher.Name).AsSpan().SequenceEqual(Labels.MetricName);

    private RowSet RowsOfNames(Matcher[] matchers)
    {
        if (matchers.Length == 0)
        {
            var all = new RowSet(0, index.Rows - 1);
            all.AddRange(0, index.Rows - 1);
            return all;
        }
        var ranges = new List<(int First, int Last)>();
        foreach (var name in NamesFor(matchers))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (matchers.All(matcher => matcher.Matches(SymbolOf(_names.Symbols[name]))))
                ranges.Add(_names.RowsOf(name));
        }
        if (ranges.Count == 0)
            return new RowSet(0, -1);
        var rows = new RowSet(ranges[0].First, ranges[^1].Last);
        foreach (var (first, last) in ranges)
            rows.AddRange(first, last);
        return rows;
    }

    private IEnumerable<int> NamesFor(Matcher[] matchers)
    {
        var equal = matchers.FirstOrDefault(matcher => matcher.Op == MatchOp.Equal && matcher.Value.Length > 0);
        if (equal is null)
            return Enumerable.Range(0, _names.Symbols.Length);
        var symbol = Find(equal.Value);
        var name = symbol < 0 ? -1 : _names.Find(symbol);
        return name < 0 ? [] : [name];
    }

    private void Narrow(RowSet rows, Matcher matcher)
    {
        var acceptsAbsent = matcher.Matches([]);
        var label = Find(matcher.Name);
        var postings = label < 0 ? null : index.Postings(label);
        if (postings is null)
        {
            if (!acceptsAbsent)
                rows.Clear();
            return;
        }
        if (matcher.Op == MatchOp.Equal && !acceptsAbsent)
        {
            var symbol = Find(matcher.Value);
            NarrowTo(rows, postings, symbol < 0 || postings.Find(symbol) is not (var at and >= 0) ? [] : [at], keep: true);
        }
        else if (rows.Count < postings.Values.Length)
            NarrowEach(rows, matcher, label);
        else
            NarrowTo(rows, postings, ValuesWhere(postings, matcher, matches: !acceptsAbsent), keep: !acceptsAbsent);
    }

    private static void NarrowTo(RowSet rows, LabelPostings postings, IReadOnlyList<int> values, bool keep)
    {
        var named = new RowSet(rows.First, rows.Last);
        foreach (var value in values)
            postings.AddRows(value, named);
        if (keep)
            rows.And(named);
        else
            rows.Without(named);
    }

    private List<int> ValuesWhere(LabelPostings postings, Matcher matcher, bool matches)
    {
        var values = new List<int>();
        for (var i = 0; i < postings.Values.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested(); // each time: a pattern may be slow
            if (matcher.Matches(SymbolOf(postings.Values[i])) == matches)
                values.Add(i);
        }
        return values;
    }

    private void NarrowEach(RowSet rows, Matcher matcher, int label)
    {
        var labels = new RowLabels(index);
        var known = new Dictionary<int, bool>();
        foreach (var row in rows.ToArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var symbol = labels.ValueOf(row, label);
            if (!known.TryGetValue(symbol, out var matches))
                known.Add(symbol, matches = matcher.Matches(SymbolOf(symbol)));
            if (!matches)
                rows.Remove(row);
        }
    }

    private ReadOnlySpan<byte> SymbolOf(int symbol) => symbol < 0 ? [] : _symbols.Get(symbol, ref _buffer);

    private int Find(string text) => _symbols.Find(Encoding.UTF8.GetBytes(text), ref _buffer);
}
