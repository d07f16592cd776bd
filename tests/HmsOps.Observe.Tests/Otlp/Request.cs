using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace HmsOps.Observe.Tests.Otlp;

/// <summary>
/// A message as a tree that can be written in both forms: the reference the decoder is held against. Keys are those of OTLP's JSON; numbers and kinds are told by
/// the caller, so that nothing is shared with what is tested.
/// </summary>
public sealed class Message
{
    private readonly List<(string Name, int Number, object Value)> _fields = [];

    public Message Text(string name, int number, string value) => Add(name, number, value);

    public Message Child(string name, int number, Message value) => Add(name, number, value);

    public Message Children(string name, int number, params IEnumerable<Message> values) => Add(name, number, values.ToList());

    public Message Double(string name, int number, double value) => Add(name, number, value);

    public Message Fixed(string name, int number, ulong value) => Add(name, number, value);

    public Message SignedFixed(string name, int number, long value) => Add(name, number, value);

    public Message Varint(string name, int number, long value) => Add(name, number, new Plain(value));

    public Message ZigZag(string name, int number, int value) => Add(name, number, new Folded(value));

    public Message Bool(string name, int number, bool value) => Add(name, number, value);

    public Message Hex(string name, int number, string hex) => Add(name, number, new Id(hex));

    public Message Base64(string name, int number, byte[] bytes) => Add(name, number, bytes);

    public Message Doubles(string name, int number, params double[] values) => Add(name, number, values);

    public Message Fixeds(string name, int number, params ulong[] values) => Add(name, number, values);

    public Message Varints(string name, int number, params Plain[] values) => Add(name, number, values);

    /// <summary>The fields in the other order: protobuf allows any.</summary>
    public Message Reversed()
    {
        _fields.Reverse();
        return this;
    }

    public byte[] Protobuf()
    {
        var bytes = new MemoryStream();
        foreach (var (_, number, value) in _fields)
            Write(bytes, number, value);
        return bytes.ToArray();
    }

    public byte[] JsonBytes() => Encoding.UTF8.GetBytes(Json().ToJsonString());

    public JsonObject Json()
    {
        var json = new JsonObject();
        foreach (var (name, _, value) in _fields)
            json[name] = Node(value);
        return json;
    }

    private Message Add(string name, int number, object value)
    {
        _fields.Add((name, number, value));
        return this;
    }

    private static void Write(Stream into, int number, object value)
    {
        switch (value)
        {
            case string text:
                Block(into, number, Encoding.UTF8.GetBytes(text));
                break;
            case byte[] bytes:
                Block(into, number, bytes);
                break;
            case Id id:
                Block(into, number, Convert.FromHexString(id.Text));
                break;
            case Message message:
                Block(into, number, message.Protobuf());
                break;
            case List<Message> many:
                many.ForEach(each => Block(into, number, each.Protobuf()));
                break;
            case double[] doubles:
                Block(into, number, [.. doubles.SelectMany(BitConverter.GetBytes)]);
                break;
            case ulong[] fixeds:
                Block(into, number, [.. fixeds.SelectMany(BitConverter.GetBytes)]);
                break;
            case Plain[] varints:
                var packed = new MemoryStream();
                foreach (var each in varints)
                    Number(packed, (ulong)each.Value);
                Block(into, number, packed.ToArray());
                break;
            case double or ulong or long:
                Number(into, (ulong)number << 3 | 1);
                into.Write(value switch { double d => BitConverter.GetBytes(d), ulong u => BitConverter.GetBytes(u), var l => BitConverter.GetBytes((long)l) });
                break;
            default:
                Number(into, (ulong)number << 3);
                Number(into, value switch { Plain plain => (ulong)plain.Value, Folded folded => (uint)((folded.Value << 1) ^ (folded.Value >> 31)), var b => (bool)b ? 1UL : 0 });
                break;
        }
    }

    private static void Block(Stream into, int number, byte[] bytes)
    {
        Number(into, (ulong)number << 3 | 2);
        Number(into, (ulong)bytes.Length);
        into.Write(bytes);
    }

    private static void Number(Stream into, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            into.WriteByte((byte)(value | 0x80));
        into.WriteByte((byte)value);
    }

    private static JsonNode Node(object value) => value switch
    {
        string text => text,
        byte[] bytes => Convert.ToBase64String(bytes),
        Id id => id.Text,
        Message message => message.Json(),
        List<Message> many => new JsonArray([.. many.Select(each => (JsonNode)each.Json())]),
        double[] doubles => new JsonArray([.. doubles.Select(each => Node(each))]),
        ulong[] fixeds => new JsonArray([.. fixeds.Select(each => Node(each))]),
        Plain[] varints => new JsonArray([.. varints.Select(each => Node(each))]),
        double number => double.IsNaN(number) ? "NaN" : double.IsInfinity(number) ? number > 0 ? "Infinity" : "-Infinity" : JsonValue.Create(number),
        ulong wide => wide.ToString(CultureInfo.InvariantCulture),
        long wide => wide.ToString(CultureInfo.InvariantCulture),
        Plain plain => plain.Value < 1 << 20 ? JsonValue.Create(plain.Value) : plain.Value.ToString(CultureInfo.InvariantCulture),
        Folded folded => folded.Value,
        var b => (bool)b,
    };

    public readonly record struct Plain(long Value)
    {
        public static implicit operator Plain(long value) => new(value);
    }

    private readonly record struct Folded(int Value);

    private readonly record struct Id(string Text);
}

/// <summary>The messages of OTLP metrics.</summary>
public static class Request
{
    public const int Delta = 1;
    public const int Cumulative = 2;

    /// <summary>Friday afternoon, when the tests play.</summary>
    public const ulong Now = 1_795_190_400_000_000_000;

    public const ulong Start = Now - 60_000_000_000;

    public static Message Of(params IEnumerable<Message> metrics) => With(Resource(("service.name", "permit-svc")), Scope(""), metrics);

    public static Message With(Message resource, Message scope, params IEnumerable<Message> metrics) => new Message().Children("resourceMetrics", 1, new Message()
        .Child("resource", 1, resource).Children("scopeMetrics", 2, new Message().Child("scope", 1, scope).Children("metrics", 2, metrics)));

    public static Message Resource(params IEnumerable<(string Key, object Value)> attributes) => new Message().Children("attributes", 1, attributes.Select(Pair));

    public static Message Scope(string name, string version = "", params IEnumerable<(string Key, object Value)> attributes) =>
        new Message().Text("name", 1, name).Text("version", 2, version).Children("attributes", 3, attributes.Select(Pair));

    public static Message Gauge(string name, string unit, params IEnumerable<Message> points) =>
        Metric(name, unit).Child("gauge", 5, new Message().Children("dataPoints", 1, points));

    public static Message Sum(string name, string unit, int temporality, bool isMonotonic, params IEnumerable<Message> points) => Metric(name, unit).Child(
        "sum", 7, new Message().Children("dataPoints", 1, points).Varint("aggregationTemporality", 2, temporality).Bool("isMonotonic", 3, isMonotonic));

    public static Message Histogram(string name, string unit, int temporality, params IEnumerable<Message> points) => Metric(name, unit).Child(
        "histogram", 9, new Message().Children("dataPoints", 1, points).Varint("aggregationTemporality", 2, temporality));

    public static Message Exponential(string name, string unit, int temporality, params IEnumerable<Message> points) => Metric(name, unit).Child(
        "exponentialHistogram", 10, new Message().Children("dataPoints", 1, points).Varint("aggregationTemporality", 2, temporality));

    public static Message Summary(string name, string unit, params IEnumerable<Message> points) =>
        Metric(name, unit).Child("summary", 11, new Message().Children("dataPoints", 1, points));

    public static Message Number(double value, params IEnumerable<(string Key, object Value)> attributes) =>
        Times().Double("asDouble", 4, value).Children("attributes", 7, attributes.Select(Pair));

    public static Message Integer(long value, ulong time = Now, ulong start = Start) =>
        new Message().Fixed("startTimeUnixNano", 2, start).Fixed("timeUnixNano", 3, time).SignedFixed("asInt", 6, value);

    public static Message Classic(ulong count, double? sum, double[] bounds, ulong[] counts, params IEnumerable<(string Key, object Value)> attributes)
    {
        var point = Times().Fixed("count", 4, count);
        if (sum is { } all)
            point.Double("sum", 5, all);
        return point.Fixeds("bucketCounts", 6, counts).Doubles("explicitBounds", 7, bounds).Children("attributes", 9, attributes.Select(Pair));
    }

    public static Message Native(int scale, ulong count, double sum, ulong zero, (int Offset, long[] Counts) positive, (int Offset, long[] Counts) negative) =>
        Times().Fixed("count", 4, count).Double("sum", 5, sum).ZigZag("scale", 6, scale).Fixed("zeroCount", 7, zero)
            .Child("positive", 8, Buckets(positive)).Child("negative", 9, Buckets(negative));

    public static Message Quantiles(ulong count, double sum, params IEnumerable<(double Quantile, double Value)> values) =>
        Times().Fixed("count", 4, count).Double("sum", 5, sum).Children(
            "quantileValues", 6, values.Select(each => new Message().Double("quantile", 1, each.Quantile).Double("value", 2, each.Value)));

    public static Message Times() => new Message().Fixed("startTimeUnixNano", 2, Start).Fixed("timeUnixNano", 3, Now);

    public static Message Pair((string Key, object Value) pair) => new Message().Text("key", 1, pair.Key).Child("value", 2, Value(pair.Value));

    public static Message Value(object value) => value switch
    {
        string text => new Message().Text("stringValue", 1, text),
        bool flag => new Message().Bool("boolValue", 2, flag),
        int number => new Message().Varint("intValue", 3, number),
        long number => new Message().Varint("intValue", 3, number),
        double number => new Message().Double("doubleValue", 4, number),
        byte[] bytes => new Message().Base64("bytesValue", 7, bytes),
        object[] list => new Message().Child("arrayValue", 5, new Message().Children("values", 1, list.Select(Value))),
        (string, object)[] map => new Message().Child("kvlistValue", 6, new Message().Children("values", 1, map.Select(Pair))),
        _ => new Message(),
    };

    private static Message Metric(string name, string unit) => new Message().Text("name", 1, name).Text("description", 2, $"{name}, described").Text("unit", 3, unit);

    private static Message Buckets((int Offset, long[] Counts) side) =>
        new Message().ZigZag("offset", 1, side.Offset).Varints("bucketCounts", 2, [.. side.Counts.Select(each => new Message.Plain(each))]);
}
