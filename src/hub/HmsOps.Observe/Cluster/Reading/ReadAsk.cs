using HmsOps.Observe.RemoteRead;
using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>A question by remote read: all a cluster has of a series, markers of its end and native histograms with it.</summary>
internal sealed class ReadAsk(ClusterDoor door, Uri address, Selection selection, QueryBudget budget) : ClusterAsk(door, selection, budget)
{
    protected override async Task<HttpResponseMessage> AskAsync(CancellationToken cancellationToken)
    {
        using var request = RemoteReadExchange.Request(address, SelectorText.Named(Selection.Matchers), Selection.From, Selection.To);
        return await Door.SendAsync(request, What, cancellationToken);
    }

    protected override async Task<AnswerParts> PartsAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var body = await Door.WithinAsync(answer.Content.ReadAsStreamAsync, cancellationToken);
        return RemoteReadExchange.Parts(answer, body, $"{address} {What}", Selection.From, Selection.To, Damage)
            ?? throw new ClusterUnavailableException(
                $"{address} answered in {RemoteReadExchange.TypeOf(answer)}, and no answer of remote read is so. Is this the address of its read door, …/api/v1/read");
    }

    protected override void Close(AnswerParts parts)
    {
        // Remote read says nothing behind its samples.
    }
}

/// <summary>
/// A question by an instant query whose expression is the selector over a window: what is asked of a store without remote read. Markers of a series' end come from VictoriaMetrics alone, native histograms
/// from none.
/// </summary>
internal sealed class WindowAsk(ClusterDoor door, Selection selection, QueryBudget budget, Func<CancellationToken, Task<bool>> readsBackslashes) : ClusterAsk(door, selection, budget)
{
    // VictoriaMetrics says it with every answer; any NaN that it gives is the marker, for it stores no other.
    private const string VictoriaMetricsHeader = "X-Server-Hostname";

    private List<string> _said = [];

    public override IReadOnlyList<string> Warnings => [.. base.Warnings, .. _said];

    protected override async Task<HttpResponseMessage> AskAsync(CancellationToken cancellationToken)
    {
        var backslashes = !Selection.Matchers.All(matcher => LabelNames.IsLegacyLabelName(matcher.Name)) && await readsBackslashes(cancellationToken);
        return await Door.PostAsync(
            "query",
            [
                new("query", SelectorText.Of(Selection.Matchers, backslashes, Selection.From, Selection.To)),
                new("time", SelectorText.Seconds(Selection.To)),
                new("nocache", "1"), // or VictoriaMetrics moves times that are near to now
            ],
            What, cancellationToken);
    }

    protected override async Task<AnswerParts> PartsAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var body = await Door.WithinAsync(answer.Content.ReadAsStreamAsync, cancellationToken);
        return new JsonParts(body, $"{Door.Peer.Address} {What}", Selection.From, Selection.To, Damage, answer.Headers.Contains(VictoriaMetricsHeader));
    }

    protected override void Close(AnswerParts parts)
    {
        var json = (JsonParts)parts; // PartsAsync made it
        if (json.HasHistograms)
        {
            throw new ClusterRefusedException(
                $"{What} has native histograms in the cluster at {Door.Peer.Address}, and its answers in JSON do not hold them whole. Give the hub the cluster's address of remote read too");
        }
        if (json.ResultType is not ("matrix" or ""))
            throw new ClusterUnavailableException($"The cluster at {Door.Peer.Address} answered with a {json.ResultType} when it was asked for {What}, and a matrix was expected. Is this the address of a Prometheus-compatible store");
        _said = [.. json.Warnings, .. json.IsPartial ? ["a part of the cluster did not answer: what it holds is missing"] : Array.Empty<string>()];
    }
}
