using System.Globalization;
using System.Text;
using System.Text.Json;
using HmsOps.Series;

namespace HmsOps.Observe.Push;

/// <summary>
/// The door <c>POST /metric</c>. An item with an <c>id</c> and no <c>type</c> is an observation (chapter B's timer), one with neither is a gauge. Observations
/// count in the second they arrive; a gauge keeps its own time. Answers when everything taken survives the death of the process.
/// </summary>
public sealed class PushIntake(ISeriesSink sink, Refusals refusals, PushLimits limits, TimeProvider time)
{
    private const string Door = "metric";

    // An hour's backlog must not look like slowness now.
    private static readonly TimeSpan ObservationAgeMax = TimeSpan.FromMinutes(5);

    /// <summary>Takes one body.</summary>
    public async Task<PushAnswer> AcceptAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var items = new List<PushItem>();
        if (body.Length > limits.BodyBytesMax)
            return Whole(413, "body_limit", $"the body has {body.Length:n0} bytes; at most {limits.BodyBytesMax:n0} are taken. Send fewer items a request, or raise limits.metric.body");
        try
        {
            if (!PushReader.TryRead(body.Span, limits.ItemsMax, items))
                return Whole(413, "item_limit", $"the body has more than {limits.ItemsMax:n0} items. Send fewer a request, or raise limits.metric.items");
        }
        catch (JsonException e)
        {
            return Whole(400, "not_json", NotJson(body.Span, e));
        }
        catch (InvalidOperationException) // Utf8JsonReader: text that is not UTF-8, or half a surrogate pair
        {
            return Whole(400, "not_utf8", "a text in the body is not valid UTF-8");
        }
        if (items.Count == 0)
            return Whole(400, "empty", "the body is empty; send {\"name\": \"county_api_ms\", \"val\": 112}");
        return await StoreAsync(items, cancellationToken);
    }

    private async Task<PushAnswer> StoreAsync(List<PushItem> items, CancellationToken cancellationToken)
    {
        var refused = new List<PushRefusal>();
        var samples = new SampleBatch();
        var sampleItems = new List<int>();
        var observations = new ObservationBatch();
        var observationItems = new List<int>();
        var now = time.GetUtcNow();
        for (var i = 0; i < items.Count; i++)
        {
            if (FlawOf(items[i], now) is { } flaw)
                refused.Add(new PushRefusal(i, flaw.Reason, flaw.Detail));
            else if (IsObservation(items[i]))
                Observe(items[i], i, observations, observationItems);
            else
                Sample(items[i], i, now, samples, sampleItems);
        }
        if (samples.Count > 0)
            Refuse(refused, sampleItems, await sink.AppendAsync(samples, cancellationToken));
        if (observations.Items.Count > 0)
            Refuse(refused, observationItems, await sink.ObserveAsync(observations, cancellationToken));

        foreach (var reason in refused.GroupBy(r => r.Reason, StringComparer.Ordinal))
            refusals.Count(Door, reason.Key, reason.Count());
        refused.Sort((a, b) => a.Index.CompareTo(b.Index));
        var refusedItems = refused.Select(r => r.Index).Distinct().Count();
        var status = refusedItems < items.Count ? 200 : refused.TrueForAll(r => r.Reason == "read_only") ? 503 : 422;
        return new PushAnswer(status, items.Count - refusedItems, refused, Error: null);
    }

    private (string Reason, string Detail)? FlawOf(PushItem item, DateTimeOffset now)
    {
        if (item.Flaw is { } found)
            return found;
        if (string.IsNullOrEmpty(item.Name))
            return ("no_name", "the item has no 'name'");
        if (Encoding.UTF8.GetByteCount(item.Name) > limits.NameBytesMax)
            return ("name_limit", $"the name is longer than {limits.NameBytesMax} bytes");
        if (item.Value is null && item.Values is not { Count: > 0 })
            return ("no_value", "the item has neither 'val' nor 'vals'");
        if (item.Type is not (null or "observation" or "gauge" or "counter"))
            return ("bad_type", $"'{item.Type}' is not a type; write observation, gauge or counter");
        if (!IsObservation(item) && item.Values is not null)
            return ("bad_type", "'vals' are observations; a gauge or counter has one 'val'");
        if (IsObservation(item) && item.Time is { } ts && (now - DateTimeOffset.FromUnixTimeMilliseconds(Clamp(ts))).Duration() > ObservationAgeMax)
            return ("late", $"its 'ts' is {DateTimeOffset.FromUnixTimeMilliseconds(Clamp(ts)):yyyy-MM-ddTHH:mm:ssZ}, more than 5 minutes from the hub's clock ({now:HH:mm:ssZ}); an observation counts when it arrives");
        return null;
    }

    private static bool IsObservation(PushItem item) => item.Type == "observation" || item.Type is null && (item.Id.Length > 0 || item.Values is not null);

    private static void Observe(PushItem item, int index, ObservationBatch batch, List<int> items)
    {
        var series = SeriesOf(item);
        var values = item.Values ?? [];
        if (item.Value is { } one)
        {
            batch.Add(new Observation(series, one, item.Id));
            items.Add(index);
        }
        for (var n = 0; n < values.Count; n++)
        {
            // Each value of a list has an id of its own, so that a resend of the item is a no-op as a whole.
            batch.Add(new Observation(series, values[n], item.Id.Length == 0 ? "" : $"{item.Id}#{n.ToString(CultureInfo.InvariantCulture)}"));
            items.Add(index);
        }
    }

    private static void Sample(PushItem item, int index, DateTimeOffset now, SampleBatch batch, List<int> items)
    {
        batch.Add(SeriesOf(item), item.Time ?? now.ToUnixTimeMilliseconds(), item.Value.GetValueOrDefault());
        items.Add(index);
    }

    private static Labels SeriesOf(PushItem item)
    {
        var labels = new LabelsBuilder().Set("__name__", item.Name ?? "");
        foreach (var (name, value) in item.Labels)
            labels.Set(name, value);
        return labels.Build();
    }

    private static void Refuse(List<PushRefusal> refused, List<int> items, AppendResult result)
    {
        foreach (var r in result.Refused)
            refused.Add(new PushRefusal(items[r.Index], r.Reason, r.Detail));
    }

    private PushAnswer Whole(int status, string reason, string detail)
    {
        refusals.Count(Door, reason);
        return new PushAnswer(status, 0, [], detail);
    }

    private static string NotJson(ReadOnlySpan<byte> body, JsonException e)
    {
        var line = (int)(e.LineNumber ?? 0);
        var column = e.BytePositionInLine ?? 0;
        var rest = body;
        for (var i = 0; i < line && rest.IndexOf((byte)'\n') is >= 0 and var end; i++)
            rest = rest[(end + 1)..];
        var at = rest[(int)Math.Min(column, rest.Length)..];
        var hint = at.StartsWith("NaN"u8) || at.StartsWith("N"u8) || at.StartsWith("Infinity"u8) || at.StartsWith("-Infinity"u8) || at.StartsWith("I"u8)
            ? "NaN and Infinity are not JSON; leave an item out when there is nothing to measure"
            : "send one object, a list of objects, or one object a line, like {\"name\": \"county_api_ms\", \"val\": 112}";
        return $"the body is not JSON at line {line + 1}, byte {column + 1}: {hint}. Nothing of it was taken.";
    }

    private static long Clamp(long ms) => Math.Clamp(ms, -62_135_596_800_000, 253_402_300_799_999);
}

/// <summary>Limits of the door <c>/metric</c>: keys <c>limits.metric.*</c>.</summary>
public sealed record PushLimits
{
    public int BodyBytesMax { get; init; } = 1 << 20;

    public int ItemsMax { get; init; } = 10_000;

    public int NameBytesMax { get; init; } = 256;
}

/// <summary>What became of a body.</summary>
/// <param name="Status">The HTTP status that says it.</param>
/// <param name="Taken">Items stored.</param>
/// <param name="Refused">Items refused, by their place in the body.</param>
/// <param name="Error">Why nothing of the body was taken; null otherwise.</param>
public sealed record PushAnswer(int Status, int Taken, IReadOnlyList<PushRefusal> Refused, string? Error);

/// <summary>One refused item.</summary>
public sealed record PushRefusal(int Index, string Reason, string Detail);
