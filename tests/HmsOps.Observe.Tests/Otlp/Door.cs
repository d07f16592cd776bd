using System.Globalization;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using HmsOps.Observe.Otlp;
using HmsOps.Series;
using HmsOps.Simulation.Time;

namespace HmsOps.Observe.Tests.Otlp;

/// <summary>The intake in front of a sink that notes what it is given, a line an item.</summary>
public sealed class Door
{
    private readonly VirtualTime _time;
    private readonly OtlpIntake _intake;

    public Door(OtlpLimits? limits = null)
    {
        _time = new VirtualTime(DateTimeOffset.FromUnixTimeMilliseconds((long)(Request.Now / 1_000_000)));
        _intake = new OtlpIntake(Sink, Refusals, limits ?? new OtlpLimits(), _time);
    }

    public Notes Sink { get; } = new();

    public Refusals Refusals { get; } = new();

    public long BytesHeld => _intake.BytesHeld;

    /// <summary>What is stored of one request in binary form.</summary>
    public static IReadOnlyList<string> Stored(Message request)
    {
        var door = new Door();
        var outcome = door.Send(request.Protobuf());
        Assert.Equal((OtlpVerdict.Taken, "", 0), (outcome.Verdict, outcome.Message, outcome.RejectedPoints));
        return door.Sink.Lines;
    }

    public OtlpOutcome Send(byte[] body, OtlpEncoding? form = OtlpEncoding.Protobuf, string? contentEncoding = null, long? announced = null)
    {
        OtlpOutcome? outcome = null;
        _time.Run(async () => outcome = await _intake.AcceptAsync(form, contentEncoding, announced, PipeReader.Create(new MemoryStream(body)), CancellationToken.None));
        return outcome!;
    }

    public GrpcAnswer Call(byte[] body, string? encoding = null)
    {
        GrpcAnswer? answer = null;
        _time.Run(async () => answer = await _intake.AcceptCallAsync(encoding, PipeReader.Create(new MemoryStream(body)), CancellationToken.None));
        return answer!;
    }

    public static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return packed.ToArray();
    }
}

/// <summary>Notes what it is given, and refuses what it is told to.</summary>
public sealed class Notes : ISeriesSink
{
    /// <summary>Why series of a name are refused.</summary>
    public Dictionary<string, string> Refuse { get; } = [];

    public List<string> Lines { get; } = [];

    public List<string> Exemplars { get; } = [];

    public List<MetricMetadata> Metadata { get; } = [];

    public ValueTask<AppendResult> AppendAsync(SampleBatch batch, CancellationToken cancellationToken)
    {
        var refused = new List<RefusedSample>();
        for (var i = 0; i < batch.Count; i++)
        {
            var labels = LabelsOf(batch, batch.SampleSeries[i]);
            if (Refuse.TryGetValue(labels.Name, out var reason))
            {
                refused.Add(new RefusedSample(i, reason, $"{reason}, so it is told"));
                continue;
            }
            var start = batch.Starts.IsEmpty || batch.Starts[i] == 0 ? "" : $" from {batch.Starts[i]}";
            var value = !batch.Histograms.IsEmpty && batch.Histograms[i] is { } histogram ? Shown(histogram) : Shown(batch.Values[i]);
            Lines.Add($"{labels} {value} at {batch.Times[i]}{start}");
        }
        foreach (var exemplar in batch.Exemplars)
            Exemplars.Add($"{LabelsOf(batch, exemplar.Series)} # {exemplar.Labels} {Shown(exemplar.Value)} at {exemplar.Time}");
        Metadata.AddRange(batch.Metadata);
        return ValueTask.FromResult(new AppendResult(batch.Count - refused.Count, refused) { ExemplarsTaken = batch.Exemplars.Count, MetadataTaken = batch.Metadata.Count });
    }

    public ValueTask<AppendResult> ObserveAsync(ObservationBatch batch, CancellationToken cancellationToken)
    {
        var refused = new List<RefusedSample>();
        for (var i = 0; i < batch.Items.Count; i++)
        {
            var item = batch.Items[i];
            if (Refuse.TryGetValue(item.Series.Name, out var reason))
                refused.Add(new RefusedSample(i, reason, $"{reason}, so it is told"));
            else
                Lines.Add($"{item.Series} + {(item.Histogram is { } histogram ? Shown(histogram) : Shown(item.Value))} ({item.Kind}, {item.Id})");
        }
        return ValueTask.FromResult(new AppendResult(batch.Items.Count - refused.Count, refused));
    }

    private static Labels LabelsOf(SampleBatch batch, int series)
    {
        Assert.True(Labels.TryFromBytes(batch.KeyOf(series).ToArray(), out var labels), "a key is not canonical");
        return labels;
    }

    // NaNs by their bits: which one it is matters.
    private static string Shown(double value) => StaleMarker.Is(value) ? "stale"
        : double.IsNaN(value) ? $"NaN {BitConverter.DoubleToInt64Bits(value):x}"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Shown(NativeHistogram h)
    {
        var text = new StringBuilder($"{{schema {h.Schema} count {h.Count} sum {Shown(h.Sum)} zero {h.ZeroCount}/{h.ZeroThreshold}");
        foreach (var bucket in h.Positive)
            text.Append($" +{bucket.Index}:{bucket.Count}");
        foreach (var bucket in h.Negative)
            text.Append($" -{bucket.Index}:{bucket.Count}");
        if (h.Bounds.Count > 0)
            text.Append($" bounds {string.Join(',', h.Bounds)}");
        return text.Append('}').ToString();
    }
}
