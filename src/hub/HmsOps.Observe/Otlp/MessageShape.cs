using System.Text;

namespace HmsOps.Observe.Otlp;

/// <summary>The messages of OTLP metrics as a table: what a key of their JSON form is on the wire.</summary>
internal sealed class MessageShape(params IReadOnlyList<JsonField> fields)
{
    /// <summary><c>ExportMetricsServiceRequest</c></summary>
    public static MessageShape Request { get; } = Make();

    /// <summary>The fields, in any order.</summary>
    public IReadOnlyList<JsonField> Fields { get; private set; } = fields;

    private static MessageShape Make()
    {
        var anyValue = new MessageShape();
        var keyValue = new MessageShape(new("key", 1, FieldKind.Text), new("value", 2, FieldKind.Message, anyValue));
        anyValue.Fields =
        [
            new("stringValue", 1, FieldKind.Text), new("boolValue", 2, FieldKind.Bool), new("intValue", 3, FieldKind.Varint), new("doubleValue", 4, FieldKind.Double),
            new("arrayValue", 5, FieldKind.Message, new MessageShape(new JsonField("values", 1, FieldKind.Message, anyValue, IsMany: true))),
            new("kvlistValue", 6, FieldKind.Message, new MessageShape(new JsonField("values", 1, FieldKind.Message, keyValue, IsMany: true))),
            new("bytesValue", 7, FieldKind.Base64),
        ];
        var exemplar = new MessageShape(
            Many("filteredAttributes", 7, keyValue), new("timeUnixNano", 2, FieldKind.Fixed64), new("asDouble", 3, FieldKind.Double),
            new("asInt", 6, FieldKind.SignedFixed64), new("spanId", 4, FieldKind.Hex), new("traceId", 5, FieldKind.Hex));
        var number = new MessageShape(
            Many("attributes", 7, keyValue), Start, Time, new("asDouble", 4, FieldKind.Double), new("asInt", 6, FieldKind.SignedFixed64),
            Many("exemplars", 5, exemplar), new("flags", 8, FieldKind.Varint));
        var histogram = new MessageShape(
            Many("attributes", 9, keyValue), Start, Time, Count, Sum, new("bucketCounts", 6, FieldKind.Fixed64, IsMany: true),
            new("explicitBounds", 7, FieldKind.Double, IsMany: true), Many("exemplars", 8, exemplar), new("flags", 10, FieldKind.Varint));
        var buckets = new MessageShape(new("offset", 1, FieldKind.ZigZag), new("bucketCounts", 2, FieldKind.Varint, IsMany: true));
        var exponential = new MessageShape(
            Many("attributes", 1, keyValue), Start, Time, Count, Sum, new("scale", 6, FieldKind.ZigZag), new("zeroCount", 7, FieldKind.Fixed64),
            new("positive", 8, FieldKind.Message, buckets), new("negative", 9, FieldKind.Message, buckets), new("flags", 10, FieldKind.Varint),
            Many("exemplars", 11, exemplar), new("zeroThreshold", 14, FieldKind.Double));
        var quantile = new MessageShape(new("quantile", 1, FieldKind.Double), new("value", 2, FieldKind.Double));
        var summary = new MessageShape(
            Many("attributes", 7, keyValue), Start, Time, Count, Sum, Many("quantileValues", 6, quantile), new("flags", 8, FieldKind.Varint));
        var metric = new MessageShape(
            new("name", 1, FieldKind.Text), new("description", 2, FieldKind.Text), new("unit", 3, FieldKind.Text),
            Data("gauge", 5, number), Data("sum", 7, number), Data("histogram", 9, histogram), Data("exponentialHistogram", 10, exponential), Data("summary", 11, summary));
        var scope = new MessageShape(new("name", 1, FieldKind.Text), new("version", 2, FieldKind.Text), Many("attributes", 3, keyValue));
        var scopeMetrics = new MessageShape(new("scope", 1, FieldKind.Message, scope), Many("metrics", 2, metric), new("schemaUrl", 3, FieldKind.Text));
        var resourceMetrics = new MessageShape(
            new("resource", 1, FieldKind.Message, new MessageShape(Many("attributes", 1, keyValue))), Many("scopeMetrics", 2, scopeMetrics), new("schemaUrl", 3, FieldKind.Text));
        return new MessageShape(Many("resourceMetrics", 1, resourceMetrics));
    }

    private static JsonField Start => new("startTimeUnixNano", 2, FieldKind.Fixed64);

    private static JsonField Time => new("timeUnixNano", 3, FieldKind.Fixed64);

    private static JsonField Count => new("count", 4, FieldKind.Fixed64);

    private static JsonField Sum => new("sum", 5, FieldKind.Double);

    private static JsonField Many(string name, int number, MessageShape message) => new(name, number, FieldKind.Message, message, IsMany: true);

    private static JsonField Data(string name, int number, MessageShape point) => new(name, number, FieldKind.Message, new MessageShape(
        Many("dataPoints", 1, point), new("aggregationTemporality", 2, FieldKind.Varint), new("isMonotonic", 3, FieldKind.Bool)));
}

/// <summary>One key of a message's JSON form.</summary>
internal sealed record JsonField(string Name, int Number, FieldKind Kind, MessageShape? Message = null, bool IsMany = false)
{
    /// <summary>The key's bytes.</summary>
    public byte[] Key { get; } = Encoding.UTF8.GetBytes(Name);
}

/// <summary>How a field is written in JSON, and on the wire.</summary>
internal enum FieldKind
{
    Text,
    Base64,
    Hex,
    Bool,
    Double,
    Fixed64,
    SignedFixed64,
    Varint,
    ZigZag,
    Message,
}
