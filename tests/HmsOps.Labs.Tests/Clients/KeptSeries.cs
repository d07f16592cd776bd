using System.Globalization;
using System.Net.Http.Headers;

namespace HmsOps.Labs.Tests.Clients;

/// <summary>A series as a store keeps it: labels, and samples in the order of their places.</summary>
/// <param name="Labels">Name and value, the metric's under <c>__name__</c>; kept sorted.</param>
internal sealed record KeptSeries(SortedDictionary<string, string> Labels, IReadOnlyList<KeptSample> Samples)
{
    public string Name => Labels["__name__"];

    public string Key { get; } = KeyOf(Labels);

    public KeptSeries With(Action<SortedDictionary<string, string>> change)
    {
        var changed = new SortedDictionary<string, string>(Labels, StringComparer.Ordinal);
        change(changed);
        return new KeptSeries(changed, Samples);
    }

    private static string KeyOf(SortedDictionary<string, string> labels) =>
        $"{labels["__name__"]}{{{string.Join(", ", labels.Where(label => label.Key != "__name__").Select(label => $"{label.Key}=\"{label.Value}\""))}}}";
}

/// <summary>A sample: a float64 by its bits, or a native histogram as PromQL answers it.</summary>
/// <param name="Place">Its time in milliseconds, or which answer or round it is of, counted from 0.</param>
internal readonly record struct KeptSample(long Place, long Bits, string? Histogram)
{
    public double Value => BitConverter.Int64BitsToDouble(Bits);

    public static KeptSample Of(long place, double value) => new(place, BitConverter.DoubleToInt64Bits(value), Histogram: null);

    public override string ToString() => $"{Histogram ?? Value.ToString("R", CultureInfo.InvariantCulture)}{(double.IsNaN(Value) ? $" ({Bits:x})" : "")} at {Place}";
}

/// <summary>Fetches what a store keeps by remote read: every float64 with its time and bits, stale markers too. Prometheus and the hub answer it alike.</summary>
internal static class RemoteRead
{
    private const ulong EqualTo = 0;

    public static async Task<List<KeptSeries>> FetchAsync(HttpClient store, DateTimeOffset from, DateTimeOffset to, params (string Label, string Value)[] matching)
    {
        var query = new MessageWriter().Number(1, (ulong)from.ToUnixTimeMilliseconds()).Number(2, (ulong)to.ToUnixTimeMilliseconds());
        foreach (var (label, value) in matching)
            query.Message(3, new MessageWriter().Number(1, EqualTo).Text(2, label).Text(3, value));
        using var content = new ByteArrayContent(SnappyBlock.Pack(new MessageWriter().Message(1, query).ToArray()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        content.Headers.ContentEncoding.Add("snappy");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/v1/read", UriKind.Relative)) { Content = content };
        request.Headers.Add("X-Prometheus-Remote-Read-Version", "0.1.0");
        using var answer = await store.SendAsync(request);
        var body = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{store.BaseAddress}api/v1/read: {(int)answer.StatusCode} {System.Text.Encoding.UTF8.GetString(body)}");
        return SeriesIn(SnappyBlock.Unpack(body));
    }

    // ReadResponse: results = 1, of each timeseries = 1.
    private static List<KeptSeries> SeriesIn(ReadOnlyMemory<byte> message)
    {
        var found = new List<KeptSeries>();
        for (var response = new MessageReader(message); response.Next();)
        {
            for (var result = new MessageReader(response.Bytes); result.Next();)
            {
                if (SeriesOf(result.Bytes) is { Samples.Count: > 0 } series)
                    found.Add(series);
            }
        }
        return found;
    }

    // TimeSeries: labels = 1, samples = 2. Histograms are left to PromQL: Prometheus 2.42 answers none here.
    private static KeptSeries SeriesOf(ReadOnlyMemory<byte> message)
    {
        var (labels, samples) = (new SortedDictionary<string, string>(StringComparer.Ordinal), new List<KeptSample>());
        for (var fields = new MessageReader(message); fields.Next();)
        {
            if (fields.Field == 1)
            {
                var (name, value) = ("", "");
                for (var label = new MessageReader(fields.Bytes); label.Next();)
                    (name, value) = label.Field == 1 ? (label.Text, value) : (name, label.Text);
                labels.Add(name, value);
            }
            else if (fields.Field == 2)
            {
                var (bits, time) = (0L, 0L);
                for (var sample = new MessageReader(fields.Bytes); sample.Next();)
                    (bits, time) = sample.Field == 1 ? ((long)sample.Number, time) : (bits, (long)sample.Number);
                samples.Add(new KeptSample(time, bits, Histogram: null));
            }
        }
        return new KeptSeries(labels, samples);
    }
}
