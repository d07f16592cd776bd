using System.Buffers;
using HmsOps.Observe.History;
using HmsOps.PromQL;
using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>Which expressions a cluster works out whole.</summary>
public enum ClusterPushdown
{
    /// <summary>Those it answers as the hub does, as far as its version says.</summary>
    Auto,

    /// <summary>All: the operator says that its answers will do.</summary>
    Always,

    /// <summary>None: samples come here.</summary>
    Never,
}

/// <summary>
/// Of which times a cluster has all samples that the hub took, in milliseconds, both inclusive. It begins behind what was never sent: what the hub had before it had a cluster, what its queue gave up, what the cluster refused.
/// </summary>
/// <param name="From">The oldest; the smallest number there is where all was sent.</param>
/// <param name="To">The newest that is acknowledged.</param>
public readonly record struct SentSpan(long From, long To);

/// <summary>
/// Has a cluster work out whole expressions, where it speaks the same language and has the newest samples. Whatever speaks against it, and whatever goes wrong, means that the samples are read and the engine
/// works it out. Safe for concurrent use.
/// </summary>
/// <param name="door">The way to the cluster.</param>
/// <param name="language">What the cluster is.</param>
/// <param name="mode">What is pushed.</param>
/// <param name="sent">Of which times the cluster has all that the hub took: it moves on.</param>
public sealed class ClusterAnswers(ClusterDoor door, ClusterLanguage language, ClusterPushdown mode, Func<SentSpan> sent) : IWholeAnswers
{
    /// <summary>
    /// How much newer than what has been sent an answer may end. Pages ask up to now, and a sample is on its way for a second or two: without this nothing that shows the present would ever be pushed.
    /// An answer may lack that much at its end, less than one scrape.
    /// </summary>
    public static readonly TimeSpan Lag = TimeSpan.FromSeconds(5);

    private static readonly SearchValues<char> OfPlaces = SearchValues.Create("0123456789:");

    private long _pushed;

    /// <summary>Expressions that the cluster worked out since the start.</summary>
    public long Pushed => Volatile.Read(ref _pushed);

    /// <inheritdoc/>
    public PromVector? Instant(PromExpression e, long atMs, PromLimits limits, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(e);
        ArgumentNullException.ThrowIfNull(limits);
        if (IsSorted(e.Root) || Ask(e, "query", atMs, atMs, [new("time", SelectorText.Seconds(atMs))], limits, ct) is not { } answer)
            return null;
        if (answer.Type != (e.Type == PromType.Scalar ? "scalar" : "vector") || answer.Series.Any(series => series.Times.Length != 1))
            return null;
        Interlocked.Increment(ref _pushed);
        var points = answer.Series.Select(series => new PromPoint(series.Labels, atMs, series.Values[0], null));
        return new PromVector(e.Type, [.. points], answer.Annotations, answer.Usage);
    }

    /// <inheritdoc/>
    public PromMatrix? Range(PromExpression e, long fromMs, long toMs, long stepMs, PromLimits limits, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(e);
        ArgumentNullException.ThrowIfNull(limits);
        IEnumerable<KeyValuePair<string, string>> times =
        [
            new("start", SelectorText.Seconds(fromMs)),
            new("end", SelectorText.Seconds(toMs)),
            new("step", SelectorText.Seconds(stepMs)),
        ];
        if (Ask(e, "query_range", fromMs, toMs, times, limits, ct) is not { Type: "matrix" } answer)
            return null;
        Interlocked.Increment(ref _pushed);
        return new PromMatrix(answer.Series, answer.Annotations, answer.Usage);
    }

    // Order among equals follows from the samples' own order, which is the cluster's.
    private static bool IsSorted(PromNode root) => root switch
    {
        PromNode.Paren paren => IsSorted(paren.Inner),
        PromNode.Call { Function: "sort" or "sort_desc" or "sort_by_label" or "sort_by_label_desc" } => true,
        PromNode.Aggregate { Op: PromAggregation.TopK or PromAggregation.BottomK } => true,
        _ => false,
    };

    private WholeAnswer? Ask(PromExpression e, string path, long from, long to, IEnumerable<KeyValuePair<string, string>> times, PromLimits limits, CancellationToken ct)
    {
        if (mode == ClusterPushdown.Never || e.Type is PromType.Matrix or PromType.Text || door.Outage.IsLeftAlone)
            return null;
        var needs = ExpressionNeeds.Of(e, limits);
        if (!IsSent(needs, from, to) || (mode == ClusterPushdown.Auto && (needs.IsOwn || (language.Known is { } known && !known.Speaks(needs)))))
            return null;
        var text = e.Root.ToString();
        try
        {
            var answer = door.Ask($"{Shortened(text)}", token => AskAsync(e, text, needs, path, times, limits, token), ct);
            return answer.IsThere ? answer : null;
        }
        catch (SourceUnavailableException)
        {
            return null; // remembered where it was seen; the samples may still be had, here or there
        }
    }

    private bool IsSent(ExpressionNeeds needs, long from, long to)
    {
        var span = sent();
        return Math.Max(to + needs.Ahead, needs.PinnedTo) - (long)Lag.TotalMilliseconds <= span.To && Math.Min(from - needs.Behind, needs.PinnedFrom) >= span.From;
    }

    private async Task<WholeAnswer> AskAsync(
        PromExpression e, string text, ExpressionNeeds needs, string path, IEnumerable<KeyValuePair<string, string>> times, PromLimits limits, CancellationToken cancellationToken)
    {
        var isHub = false;
        if (mode == ClusterPushdown.Auto)
        {
            var kind = await language.KindAsync(cancellationToken);
            if (!kind.Speaks(needs))
                return WholeAnswer.None;
            isHub = kind.IsHub;
        }
        IEnumerable<KeyValuePair<string, string>> form = [new("query", text), .. times, new("lookback_delta", SelectorText.Seconds((long)limits.LookBack.TotalMilliseconds))];
        using var answer = await door.PostAsync(path, form, Shortened(text), cancellationToken);
        var body = await door.WithinAsync(answer.Content.ReadAsStreamAsync, cancellationToken);
        using var parts = new JsonParts(body, door.Peer.Address.ToString(), long.MinValue, long.MaxValue, new HistoryDamage(), nanIsStale: false);
        var reading = new AnswerReading(e, limits);
        var batch = new SampleBatch();
        bool hasMore;
        do
        {
            batch.Clear();
            hasMore = await door.WithinAsync(token => parts.FillAsync(batch, token), cancellationToken);
            reading.Take(batch);
            if (parts.HasHistograms)
                return WholeAnswer.None; // JSON does not hold them whole
        }
        while (hasMore);
        var series = reading.Close();
        // A hub drops these with the name; another cluster has them still, and would have matched by them.
        if (!isHub && series.Any(one => !one.Labels.Get("__type__"u8).IsEmpty || !one.Labels.Get("__unit__"u8).IsEmpty))
            return WholeAnswer.None;
        string[] said = [.. parts.Warnings, .. parts.Infos, .. parts.IsPartial ? ["a part of the cluster did not answer: what it holds is missing"] : Array.Empty<string>()];
        return new WholeAnswer(true, parts.ResultType, series, [.. said.Select(line => text == e.Text ? line : WithoutPlace(line)).Distinct()], reading.Usage);
    }

    private static string Shortened(string text) => text.Length > 200 ? text[..200] + "…" : text;

    // " (1:23)" counts in the text that was sent, which the asker did not write.
    private static string WithoutPlace(string line)
    {
        var open = line.LastIndexOf(" (", StringComparison.Ordinal);
        return open > 0 && line.EndsWith(')') && line.AsSpan(open + 2, line.Length - open - 3).IndexOfAnyExcept(OfPlaces) < 0 ? line[..open] : line;
    }

    /// <summary>What a cluster said to an expression.</summary>
    private sealed record WholeAnswer(bool IsThere, string Type, IReadOnlyList<PromSeries> Series, IReadOnlyList<string> Annotations, PromUsage Usage)
    {
        public static readonly WholeAnswer None = new(false, "", [], [], default);
    }
}

/// <summary>The series of an answer, gathered from its batches within the engine's limits.</summary>
internal sealed class AnswerReading(PromExpression expression, PromLimits limits)
{
    private readonly List<PromSeries> _series = [];
    private readonly SampleColumns _columns = new();
    private byte[]? _key;
    private long _points;

    public PromUsage Usage => new(0, _points);

    public void Take(SampleBatch batch)
    {
        _points += batch.Count;
        if (_points > limits.SamplesMax)
            throw Over("point_limit", $"the cluster's answer has more than {limits.SamplesMax} points. Aggregate, or take a longer step.");
        for (var at = 0; at < batch.Count;)
        {
            var place = batch.SampleSeries[at];
            var end = at;
            while (end < batch.Count && batch.SampleSeries[end] == place)
                end++;
            var key = batch.KeyOf(place);
            if (_key is null || !key.Span.SequenceEqual(_key))
            {
                EndSeries();
                _key = key.ToArray();
            }
            _columns.Add(batch, at, end);
            at = end;
        }
    }

    /// <summary>All series, sorted by labels.</summary>
    public IReadOnlyList<PromSeries> Close()
    {
        EndSeries();
        _series.Sort(static (a, b) => Labels.Compare(a.Labels, b.Labels));
        return _series;
    }

    private void EndSeries()
    {
        if (_key is null || !Labels.TryFromBytes(_key, out var labels)) // they are: the reader of JSON wrote them
            return;
        if (_series.Count == limits.SeriesMax)
            throw Over("series_limit", $"the cluster's answer has more than {limits.SeriesMax} series. Aggregate them.");
        _columns.Settle();
        _series.Add(new PromSeries(labels, _columns.Times.ToArray(), _columns.Values.ToArray(), null));
        _columns.Clear();
        _key = null;
    }

    private PromEvaluationException Over(string limit, string sentence) => new(expression.Root.At, sentence) { Limit = limit };
}
