using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace HmsOps.Labs.Tests.World;

/// <summary>A series and its samples as a hub answers them by remote read, to the bit.</summary>
internal sealed record StoredSeries(IReadOnlyDictionary<string, string> Labels, IReadOnlyList<(long Time, double Value)> Samples)
{
    /// <summary>The samples of a metric between two times, both included.</summary>
    public static async Task<IReadOnlyList<StoredSeries>> OfAsync(RunningHub hub, string metric, long from, long to)
    {
        byte[] matcher = [.. Wire.Field(2, "__name__"), .. Wire.Field(3, metric)]; // of the first kind: equal
        byte[] question = [.. Wire.Field(1, from), .. Wire.Field(2, to), .. Wire.Field(3, matcher)];
        using var body = new ByteArrayContent(Wire.Snap(Wire.Field(1, question)));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        body.Headers.ContentEncoding.Add("snappy");
        using var answer = await hub.Http.PostAsync(new Uri("/api/v1/read", UriKind.Relative), body);
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(answer.IsSuccessStatusCode, $"Remote read of {metric}: {(int)answer.StatusCode} {Encoding.UTF8.GetString(bytes)}");
        return Read(Wire.Unsnap(bytes));
    }

    public override string ToString() => $"{{{string.Join(',', Labels.Select(label => string.Create(CultureInfo.InvariantCulture, $"{label.Key}=\"{label.Value}\"")))}}}";

    private static List<StoredSeries> Read(ReadOnlySpan<byte> response)
    {
        var all = new List<StoredSeries>();
        while (!response.IsEmpty)
        {
            Wire.ReadField(ref response, out var result);
            while (!result.IsEmpty)
            {
                Wire.ReadField(ref result, out var series);
                all.Add(SeriesOf(series));
            }
        }
        return all;
    }

    private static StoredSeries SeriesOf(ReadOnlySpan<byte> series)
    {
        var (labels, samples) = (new SortedDictionary<string, string>(StringComparer.Ordinal), new List<(long, double)>());
        while (!series.IsEmpty)
        {
            if (Wire.ReadField(ref series, out var part).Number == 1)
            {
                Wire.ReadField(ref part, out var name);
                Wire.ReadField(ref part, out var value);
                labels.Add(Encoding.UTF8.GetString(name), Encoding.UTF8.GetString(value));
            }
            else
            {
                samples.Add(SampleOf(part));
            }
        }
        return new StoredSeries(labels, samples);
    }

    private static (long Time, double Value) SampleOf(ReadOnlySpan<byte> sample)
    {
        var (time, value) = (0L, 0.0);
        while (!sample.IsEmpty)
        {
            var (number, bits) = Wire.ReadField(ref sample, out _);
            (time, value) = number == 1 ? (time, BitConverter.UInt64BitsToDouble(bits)) : ((long)bits, value);
        }
        return (time, value);
    }
}
