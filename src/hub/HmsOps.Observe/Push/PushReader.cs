using System.Text.Json;

namespace HmsOps.Observe.Push;

/// <summary>
/// Reads the bodies of <c>POST /metric</c>: one object, an array of objects, or one object a line (NDJSON), without building a document. What is wrong with an
/// item is noted on it and the reading goes on; what is no JSON at all ends it with <see cref="JsonException"/>.
/// </summary>
internal static class PushReader
{
    private const int DepthMax = 8;
    private const int LabelsMax = 64;

    private static readonly JsonReaderOptions Options = new() { AllowMultipleValues = true, MaxDepth = DepthMax };

    /// <summary>The items of a body, at most <paramref name="itemsMax"/>; false when there are more.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, int itemsMax, List<PushItem> items)
    {
        var json = new Utf8JsonReader(body, Options);
        while (json.Read())
        {
            switch (json.TokenType)
            {
                case JsonTokenType.StartObject:
                    if (items.Count == itemsMax)
                        return false;
                    items.Add(ReadItem(ref json));
                    break;
                case JsonTokenType.StartArray or JsonTokenType.EndArray when json.CurrentDepth == 0:
                    break;
                default:
                    if (items.Count == itemsMax)
                        return false;
                    items.Add(new PushItem { Flaw = ("not_an_object", $"expected an object like {{\"name\": …, \"val\": …}}, found {Kind(json.TokenType)}") });
                    json.Skip();
                    break;
            }
        }
        return true;
    }

    private static PushItem ReadItem(ref Utf8JsonReader json)
    {
        var item = new PushItem();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var key = json.GetString();
            json.Read();
            switch (key)
            {
                case "name":
                    item.Name = Text(ref json, item, "name");
                    break;
                case "val":
                    item.Value = Number(ref json, item, "val");
                    break;
                case "vals":
                    item.Values = Numbers(ref json, item);
                    break;
                case "ts":
                    item.Time = Number(ref json, item, "ts") is { } ts ? Milliseconds(ts) : null;
                    break;
                case "id":
                    item.Id = Text(ref json, item, "id") ?? "";
                    break;
                case "type":
                    item.Type = Text(ref json, item, "type");
                    break;
                case "labels":
                    ReadLabels(ref json, item);
                    break;
                case "hist" or "inc":
                    item.Flaw ??= ("not_in_this_version", $"'{key}' is not in this version; send 'val' or 'vals'");
                    json.Skip();
                    break;
                default: // unit, and what later clients will say
                    json.Skip();
                    break;
            }
        }
        return item;
    }

    private static string? Text(ref Utf8JsonReader json, PushItem item, string key)
    {
        if (json.TokenType == JsonTokenType.String)
            return json.GetString();
        item.Flaw ??= ("wrong_type", $"'{key}' is {Kind(json.TokenType)}; it has to be text");
        json.Skip();
        return null;
    }

    private static double? Number(ref Utf8JsonReader json, PushItem item, string key)
    {
        if (json.TokenType == JsonTokenType.Number && json.TryGetDouble(out var number) && double.IsFinite(number))
            return number;
        item.Flaw ??= json.TokenType switch
        {
            JsonTokenType.String when json.GetString() is "NaN" or "Infinity" or "-Infinity" =>
                ("not_finite", $"'{key}' is {json.GetString()}; leave an item out when there is nothing to measure"),
            JsonTokenType.Number => ("not_finite", $"'{key}' is larger than a 64-bit number holds"),
            var found => ("wrong_type", $"'{key}' is {Kind(found)}; it has to be a number"),
        };
        json.Skip();
        return null;
    }

    private static List<double>? Numbers(ref Utf8JsonReader json, PushItem item)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            item.Flaw ??= ("wrong_type", $"'vals' is {Kind(json.TokenType)}; it has to be a list of numbers");
            json.Skip();
            return null;
        }
        var numbers = new List<double>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (Number(ref json, item, "vals") is { } number)
                numbers.Add(number);
        }
        return numbers;
    }

    private static void ReadLabels(ref Utf8JsonReader json, PushItem item)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            item.Flaw ??= ("wrong_type", $"'labels' is {Kind(json.TokenType)}; it has to be an object of texts");
            json.Skip();
            return;
        }
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString() ?? "";
            json.Read();
            var value = Text(ref json, item, $"labels.{name}");
            if (name.Length == 0 || name.StartsWith("__", StringComparison.Ordinal))
                item.Flaw ??= ("bad_label", $"'{name}' cannot be the name of a label: names that begin with __ are the hub's own");
            else if (item.Labels.Count <= LabelsMax && item.Labels.Exists(label => label.Name == name))
                item.Flaw ??= ("duplicate_label", $"the label '{name}' is there twice; send each once");
            else if (value is not null)
                item.Labels.Add((name, value));
        }
        if (item.Labels.Count > LabelsMax)
            item.Flaw ??= ("label_limit", $"{item.Labels.Count} labels; at most {LabelsMax} are taken");
    }

    /// <summary>A time's unit is told by its size: seconds, milliseconds, microseconds, nanoseconds since 1970.</summary>
    private static long Milliseconds(double ts) => Math.Abs(ts) switch
    {
        < 1e11 => (long)(ts * 1_000),
        < 1e14 => (long)ts,
        < 1e17 => (long)(ts / 1_000),
        _ => (long)(ts / 1_000_000),
    };

    private static string Kind(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "text",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "true or false",
        _ => "null",
    };
}
