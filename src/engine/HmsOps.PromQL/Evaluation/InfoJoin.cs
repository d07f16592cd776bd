using System.Text;
using HmsOps.Series;

namespace HmsOps.PromQL.Evaluation;

/// <summary>
/// <c>info</c>: series take over labels of the info metrics (<c>target_info</c>, or those a second argument names) that have the same <c>instance</c> and
/// <c>job</c>. Where an info metric has several such series at a step, as after a new release, the one with the newest sample counts.
/// </summary>
internal sealed class InfoJoin
{
    private const string TargetInfo = "target_info";

    // What tells whose info it is.
    private static readonly LabelChoice Identifying = LabelChoice.Only("instance", "job");

    private readonly EvaluationRun _run;
    private readonly PromNode.Call _call;
    private readonly Matcher[] _names;
    private readonly Matcher[] _data;
    private readonly ColumnSet _results;

    private InfoJoin(EvaluationRun run, PromNode.Call call)
    {
        (_run, _call) = (run, call);
        var matchers = call.Arguments.Count > 1 ? ((PromNode.Selector)call.Arguments[1]).Matchers : []; // the parser sees to it
        _names = NameMatchers([.. matchers.Where(matcher => matcher.Name == "__name__")]);
        _data = [.. matchers.Where(matcher => matcher.Name != "__name__")];
        _results = new ColumnSet(run, call.At);
    }

    public static List<Column> Evaluate(EvaluationRun run, PromNode.Call call)
    {
        var join = new InfoJoin(run, call);
        var series = run.Evaluate(call.Arguments[0]);
        var infos = join.Infos(series);
        foreach (var one in series)
        {
            if (join.IsInfo(one.Labels))
                join._results.Add(one); // info metrics need none
            else
                join.Enrich(one, infos);
        }
        return join._results.Columns;
    }

    // Only what a name is not, is about metrics that are called info.
    private static Matcher[] NameMatchers(Matcher[] written)
    {
        if (written.Length == 0)
            return [new Matcher("__name__", MatchOp.Equal, TargetInfo)];
        return Array.Exists(written, matcher => matcher.Op is MatchOp.Equal or MatchOp.Regex) ? written : [new Matcher("__name__", MatchOp.Regex, ".+_info"), .. written];
    }

    private bool IsInfo(Labels labels)
    {
        _run.Check(); // a pattern takes its time
        try
        {
            return Array.TrueForAll(_names, matcher => matcher.Matches(labels));
        }
        catch (QueryBudgetException slow)
        {
            throw new PromEvaluationException(_call.At, slow.Message, slow) { Limit = slow.Limit };
        }
    }

    // By whom they are about, and then by metric, in the order of names: the cells are the times of the samples.
    private Dictionary<Labels, List<InfoMetric>> Infos(List<Column> series)
    {
        var wanted = series.Where(one => !IsInfo(one.Labels)).Select(one => Identifying.Of(one.Labels)).Where(who => !who.IsEmpty).ToHashSet();
        var infos = new Dictionary<Labels, List<InfoMetric>>();
        if (wanted.Count == 0)
            return infos;
        var (moment, offset) = TimeOf(_call.Arguments[0]) ?? (null, 0);
        var selector = new PromNode.Selector(_call.At, [.. _names, .. _data], offset) { Moment = moment };
        foreach (var info in _run.Scanned(SeriesRead.Of(_run, selector, SelectedPart.TimeOfNumber), _call.At))
        {
            var who = Identifying.Of(info.Labels);
            if (!wanted.Contains(who))
                continue;
            if (!infos.TryGetValue(who, out var metrics))
                infos.Add(who, metrics = []);
            var name = info.Labels.Name;
            if (metrics.Find(metric => metric.Name == name) is not { } metric)
                metrics.Add(metric = new InfoMetric(name));
            metric.Series.Add(info);
        }
        foreach (var metrics in infos.Values)
            metrics.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return infos;
    }

    // The times at which the first selector looks, with what the subqueries around it add until one of them pins it.
    private static (PromMoment? Moment, long Offset)? TimeOf(PromNode node)
    {
        if (node is PromNode.Selector selector)
            return (selector.Moment, selector.OffsetMs);
        foreach (var child in node.Children)
        {
            if (TimeOf(child) is not { } time)
                continue;
            return node is PromNode.Subquery subquery && time.Moment is null ? (subquery.Moment, time.Offset + subquery.OffsetMs) : time;
        }
        return null;
    }

    private void Enrich(Column series, Dictionary<Labels, List<InfoMetric>> infos)
    {
        var metrics = infos.GetValueOrDefault(Identifying.Of(series.Labels)) ?? [];
        var mayBeWithout = Array.TrueForAll(_data, matcher => matcher.Matches(ReadOnlySpan<byte>.Empty));
        Column?[] before = [];
        Column? result = null;
        var results = new List<Column>();
        for (var step = 0; step < series.Steps; step++)
        {
            if (!series.Has(step))
                continue;
            Column?[] chosen = [.. metrics.Select(metric => NewestAt(metric, step))];
            if (!mayBeWithout && Array.TrueForAll(chosen, info => info is null))
                continue;
            if (result is null || !chosen.SequenceEqual(before))
            {
                var labels = Enriched(series.Labels, chosen);
                result = results.Find(column => column.Labels.Equals(labels));
                if (result is null)
                    results.Add(result = _run.Column(labels, series.DropsName, _call.At));
                before = chosen;
            }
            result.Copy(series, step);
        }
        foreach (var column in results)
            _results.Add(column);
    }

    private Column? NewestAt(InfoMetric metric, int step)
    {
        Column? newest = null;
        foreach (var info in metric.Series)
        {
            if (!info.Has(step) || (newest is not null && newest.Values[step] > info.Values[step]))
                continue;
            if (newest is not null && newest.Values[step].Equals(info.Values[step]))
            {
                throw new PromEvaluationException(_call.At,
                    $"found duplicate series for info metric {metric.Name} at {_run.Grid[step]} ms: {newest.Labels} and {info.Labels}; name in the second argument what tells them apart");
            }
            newest = info;
        }
        return newest;
    }

    private Labels Enriched(Labels labels, Column?[] infos)
    {
        var added = new Dictionary<string, string>();
        foreach (var info in infos)
        {
            if (info is null)
                continue;
            foreach (var label in info.Labels)
                Add(label, labels, added);
        }
        var builder = LabelsBuilder.From(labels);
        foreach (var (name, value) in added)
            builder.Set(name, value);
        return builder.Build();
    }

    private void Add(Labels.Label label, Labels labels, Dictionary<string, string> added)
    {
        var (name, value) = (Encoding.UTF8.GetString(label.Name), Encoding.UTF8.GetString(label.Value));
        var isWanted = name != "__name__" && (_data.Length == 0 || Array.Exists(_data, matcher => matcher.Name == name));
        if (!isWanted || !labels.Get(label.Name).IsEmpty)
            return; // what a series says itself stays
        if (!added.TryAdd(name, value) && added[name] != value)
            throw new PromEvaluationException(_call.At, $"conflicting label {LabelNames.Quote(name)}: info metrics about {labels} say {LabelNames.Quote(added[name])} and {LabelNames.Quote(value)}; name one of them in the second argument");
    }

    private sealed record InfoMetric(string Name)
    {
        public List<Column> Series { get; } = [];
    }
}
