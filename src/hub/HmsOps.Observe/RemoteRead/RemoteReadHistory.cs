using System.Globalization;
using System.Runtime.CompilerServices;
using HmsOps.Observe.History;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteRead;

/// <summary>
/// Another store's history, fetched by Prometheus remote read slice by slice of time, oldest first. Chunks that are streamed are asked for, and samples taken from a store
/// that knows no better. Of an answer one frame is held. One owner.
/// </summary>
/// <param name="http">The way there; who calls sees to credentials and to which addresses may be reached.</param>
/// <param name="plan">What is fetched.</param>
/// <param name="time">The clock that patience is measured by.</param>
public sealed class RemoteReadHistory(HttpClient http, RemoteReadPlan plan, TimeProvider time) : IHistorySource
{
    private const int MessageShownMax = 300;

    private readonly AnswerPatience _patience = new(plan.Patience, time);
    private readonly SampleBatch _batch = new();
    private long _samples;
    private long _series;
    private double _done;

    /// <inheritdoc/>
    public string Name => plan.Address.ToString();

    /// <inheritdoc/>
    public HistoryProgress Progress => new(_samples, _series, _done);

    /// <inheritdoc/>
    public HistoryDamage Damage { get; } = new();

    /// <inheritdoc/>
    public async IAsyncEnumerable<SampleBatch> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var slice = Math.Max(1, (long)plan.Slice.TotalMilliseconds);
        for (var from = plan.From; from <= plan.To;)
        {
            var to = plan.To - from < slice ? plan.To : from + slice - 1;
            using var answer = await AskAsync(from, to, cancellationToken);
            using var parts = await PartsOf(answer, from, to, cancellationToken);
            var seriesBefore = _series;
            _batch.Clear();
            while (await WithinAsync(token => parts.FillAsync(_batch, token), from, to, cancellationToken))
            {
                _samples += _batch.Count;
                _series = seriesBefore + parts.Series;
                if (_batch.Count > 0)
                    yield return _batch;
                _batch.Clear();
            }
            _series = seriesBefore + parts.Series;
            _done = (double)(to - plan.From + 1) / (plan.To - plan.From + 1);
            if (to == plan.To)
                break;
            from = to + 1;
        }
        _done = 1;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The way there is the caller's, and an answer lives no longer than its slice.
    }

    private async Task<HttpResponseMessage> AskAsync(long from, long to, CancellationToken cancellationToken)
    {
        using var request = RemoteReadExchange.Request(plan.Address, plan.Matchers, from, to);
        HttpResponseMessage answer;
        try
        {
            answer = await WithinAsync(token => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), from, to, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw new HistoryUnavailableException($"{plan.Address} cannot be asked for {Shown(from, to)}: {e.Message}", e);
        }
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
        {
            var said = await WithinAsync(answer.Content.ReadAsStringAsync, from, to, cancellationToken);
            throw new HistoryUnavailableException(
                $"{plan.Address} answered {(int)answer.StatusCode} when it was asked for {Shown(from, to)}: {(said.Length > MessageShownMax ? said[..MessageShownMax] + "…" : said).Trim()}");
        }
    }

    private async Task<AnswerParts> PartsOf(HttpResponseMessage answer, long from, long to, CancellationToken cancellationToken)
    {
        var body = await WithinAsync(answer.Content.ReadAsStreamAsync, from, to, cancellationToken);
        if (RemoteReadExchange.Parts(answer, body, $"{plan.Address} {Shown(from, to)}", from, to, Damage) is { } parts)
            return parts;
        throw new HistoryUnavailableException($"{plan.Address} answered in {RemoteReadExchange.TypeOf(answer)}, and no answer of remote read is so: is this the address of its read door, …/api/v1/read?");
    }

    /// <summary>Waits for the other store, no longer than the plan's patience.</summary>
    private async Task<T> WithinAsync<T>(Func<CancellationToken, Task<T>> what, long from, long to, CancellationToken cancellationToken)
    {
        try
        {
            return await _patience.WithinAsync(what, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new HistoryUnavailableException($"{plan.Address} said nothing when it was asked for {Shown(from, to)}: {e.Message}; ask for shorter slices", e);
        }
        catch (IOException e) when (e is not HistoryUnavailableException)
        {
            throw new HistoryUnavailableException($"{plan.Address} broke off its answer for {Shown(from, to)}: {e.Message}", e);
        }
    }

    private static string Shown(long from, long to) => $"{Shown(from)} to {Shown(to)}";

    private static string Shown(long time) => DateTimeOffset
        .FromUnixTimeMilliseconds(Math.Clamp(time, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()))
        .ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
