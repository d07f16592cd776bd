using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>
/// The series of a cluster. Samples come by remote read where it has that, whole with markers and native histograms; else by an instant query whose expression is the selector over a window. Safe for concurrent use.
/// </summary>
/// <param name="door">The way to the cluster.</param>
/// <param name="language">What the cluster is.</param>
public sealed class ClusterSource(ClusterDoor door, ClusterLanguage language) : ISeriesSource
{
    // A walk in order over an answer that comes in none holds it, packed: some 80 million samples.
    private const long HeldBytesMax = 256L << 20;

    // Lists of labels are for people who choose among them.
    private const long ListBytesMax = 64L << 20;

    private bool _comesUnsorted;

    /// <summary>Its address, for messages.</summary>
    public Uri Address => door.Peer.Address;

    /// <summary>What became of the last questions.</summary>
    public ClusterOutage Outage => door.Outage;

    /// <inheritdoc/>
    public SeriesCursor Select(Selection selection, QueryBudget budget, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        if (SelectorText.Within(selection.From, selection.To) is not var (from, to))
            return new NoSeries();
        var asked = selection with { From = from, To = to };
        ClusterAsk ask = door.Peer.ReadAddress is { } address ? new ReadAsk(door, address, asked, budget) : new WindowAsk(door, asked, budget, language.ReadsBackslashesAsync);
        var walk = new ClusterCursor(ask, cancellationToken);
        if (selection.InAnyOrder)
            return walk;
        return ask is ReadAsk && IsOneMetric(selection) && !Volatile.Read(ref _comesUnsorted)
            ? new CheckedCursor(walk, OutOfOrder)
            : new HeldCursor(walk, selection, HeldBytesMax);
    }

    /// <inheritdoc/>
    public IReadOnlyList<Labels> Series(Selection selection, int most, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        if (SelectorText.Within(selection.From, selection.To) is not var (from, to))
            return [];
        return door.Ask($"the series {ClusterDoor.Shown(selection)}", async token =>
        {
            using var answer = await door.PostAsync("series", await FormAsync(selection, from, to, token), ClusterDoor.Shown(selection), token);
            var found = (await ReadAsync(answer, selection, token)).Series;
            return (IReadOnlyList<Labels>)[.. new SortedSet<Labels>(found.Where(labels => selection.Matchers.All(matcher => matcher.Matches(labels))), Labels.RowOrder).Take(most)];
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelNames(Selection selection, CancellationToken cancellationToken) => Texts("labels", "the names of labels of", selection, isForm: true, cancellationToken);

    /// <inheritdoc/>
    public IReadOnlyList<string> LabelValues(string name, Selection selection, CancellationToken cancellationToken) =>
        Texts($"label/{Uri.EscapeDataString(name)}/values", $"the values of label {name} of", selection, isForm: false, cancellationToken);

    private static bool IsOneMetric(Selection selection) => selection.Matchers.Any(matcher => matcher is { Name: "__name__", Op: MatchOp.Equal, Value.Length: > 0 });

    private IReadOnlyList<string> Texts(string path, string what, Selection selection, bool isForm, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(selection);
        if (SelectorText.Within(selection.From, selection.To) is not var (from, to))
            return [];
        var asked = $"{what} {ClusterDoor.Shown(selection)}";
        return door.Ask(asked, async token =>
        {
            var parameters = await FormAsync(selection, from, to, token);
            using var answer = isForm ? await door.PostAsync(path, parameters, asked, token) : await door.GetAsync(path, parameters, asked, token);
            return LabelLists.Union([(await ReadAsync(answer, selection, token)).Texts, []]); // in the order of bytes
        }, cancellationToken);
    }

    private async Task<List<KeyValuePair<string, string>>> FormAsync(Selection selection, long from, long to, CancellationToken cancellationToken)
    {
        var backslashes = !selection.Matchers.All(matcher => HmsOps.Series.LabelNames.IsLegacyLabelName(matcher.Name)) && await language.ReadsBackslashesAsync(cancellationToken);
        return
        [
            new("match[]", SelectorText.Of(selection.Matchers, backslashes)),
            new("start", SelectorText.Seconds(from)),
            new("end", SelectorText.Seconds(to)),
        ];
    }

    private async Task<JsonList> ReadAsync(HttpResponseMessage answer, Selection selection, CancellationToken cancellationToken)
    {
        using var tokens = new JsonTokens(await door.WithinAsync(answer.Content.ReadAsStreamAsync, cancellationToken), ListBytesMax);
        var list = new JsonList();
        try
        {
            await door.WithinAsync(token => tokens.FeedAsync(list, token), cancellationToken);
        }
        catch (JsonDamagedException e) when (e.IsTooLong)
        {
            throw new ClusterRefusedException($"The list of the cluster at {Address} for {ClusterDoor.Shown(selection)} is too long: {e.Message}. Narrow what is asked for", e);
        }
        catch (JsonDamagedException e)
        {
            throw new ClusterUnavailableException(
                $"The answer of the cluster at {Address} for {ClusterDoor.Shown(selection)} cannot be read: {e.Message} (byte {e.At}). Narrow what is asked for, or check the address", e);
        }
        return list.IsWhole ? list : throw new ClusterUnavailableException(
            $"The answer of the cluster at {Address} for {ClusterDoor.Shown(selection)} holds no list. Is this the address of a Prometheus-compatible store");
    }

    private ClusterUnavailableException OutOfOrder(Labels labels)
    {
        Volatile.Write(ref _comesUnsorted, true);
        return new ClusterUnavailableException(
            $"The cluster at {Address} sent {labels} out of order, as one with external_labels does. From now on its answers are put in order here; ask again");
    }

    private sealed class NoSeries : SeriesCursor
    {
        public override SeriesView Current => throw new InvalidOperationException("The walk stands on no series.");

        public override bool MoveNext() => false;
    }
}
