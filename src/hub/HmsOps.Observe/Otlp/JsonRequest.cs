using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Otlp;

/// <summary>
/// Writes a request that came as JSON in OTLP's own binary form, so that both are read by one decoder and mean the same. OTLP's mapping: keys in lowerCamelCase,
/// numbers of 64 bits as text or number, ids of traces in hex, enums as numbers; keys nobody knows are passed over. Not a hot path.
/// </summary>
internal static class JsonRequest
{
    private const int DepthMax = 64; // a request is 13 deep, and each level of a list in an attribute adds four

    private static readonly JsonReaderOptions Options = new() { MaxDepth = DepthMax };

    /// <summary>Writes it; false when there is no room. </summary>
    /// <exception cref="JsonException">It is no JSON, or a value is not what its key wants: the message says where.</exception>
    /// <exception cref="InvalidOperationException">A text is not UTF-8.</exception>
    public static bool TryWrite(ReadOnlySpan<byte> json, MessageWriter into)
    {
        var reader = new Utf8JsonReader(json, Options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Wrong(ref reader, "the request", "an object like {\"resourceMetrics\": […]}");
        WriteMessage(ref reader, MessageShape.Request, into);
        reader.Read(); // anything behind the object is no JSON
        return !into.IsFull;
    }

    private static void WriteMessage(ref Utf8JsonReader reader, MessageShape shape, MessageWriter into)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName && !into.IsFull)
        {
            var field = Find(ref reader, shape);
            reader.Read();
            if (field is null || reader.TokenType == JsonTokenType.Null)
                reader.Skip();
            else if (field.IsMany)
                WriteMany(ref reader, field, into);
            else
                WriteField(ref reader, field, into);
        }
    }

    private static JsonField? Find(ref Utf8JsonReader reader, MessageShape shape)
    {
        foreach (var field in shape.Fields)
        {
            if (reader.ValueTextEquals(field.Key))
                return field;
        }
        return null;
    }

    private static void WriteMany(ref Utf8JsonReader reader, JsonField field, MessageWriter into)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Wrong(ref reader, field.Name, "a list");
        var isPacked = field.Kind != FieldKind.Message;
        var length = isPacked ? into.BeginBlock(field.Number) : 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray && !into.IsFull)
        {
            if (isPacked)
                WriteNumber(ref reader, field, into);
            else
                WriteField(ref reader, field, into);
        }
        if (isPacked)
            into.EndBlock(length);
    }

    private static void WriteField(ref Utf8JsonReader reader, JsonField field, MessageWriter into)
    {
        switch (field.Kind)
        {
            case FieldKind.Message:
                if (reader.TokenType != JsonTokenType.StartObject)
                    throw Wrong(ref reader, field.Name, "an object");
                var length = into.BeginBlock(field.Number);
                WriteMessage(ref reader, field.Message!, into); // a field of this kind has one
                into.EndBlock(length);
                break;
            case FieldKind.Text or FieldKind.Base64 or FieldKind.Hex:
                WriteText(ref reader, field, into);
                break;
            default:
                into.WriteTag(field.Number, field.Kind is FieldKind.Double or FieldKind.Fixed64 or FieldKind.SignedFixed64 ? 1 : 0);
                WriteNumber(ref reader, field, into);
                break;
        }
    }

    private static void WriteText(ref Utf8JsonReader reader, JsonField field, MessageWriter into)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw Wrong(ref reader, field.Name, "text");
        var raw = reader.HasValueSequence ? throw new InvalidOperationException("A span has no sequences.") : reader.ValueSpan.Length;
        var length = into.BeginBlock(field.Number);
        var room = into.Room(raw);
        if (room.IsEmpty && raw > 0)
            return; // full
        var written = reader.CopyString(room);
        if (field.Kind == FieldKind.Hex)
        {
            var hex = room[..written];
            if (Convert.FromHexString(hex, hex, out _, out var bytes) != System.Buffers.OperationStatus.Done)
                throw Wrong(ref reader, field.Name, "hex digits, as OTLP writes ids");
            written = bytes;
        }
        else if (field.Kind == FieldKind.Base64)
        {
            if (Base64.DecodeFromUtf8InPlace(room[..written], out written) != System.Buffers.OperationStatus.Done)
                throw Wrong(ref reader, field.Name, "base64");
        }
        into.Advance(written);
        into.EndBlock(length);
    }

    private static void WriteNumber(ref Utf8JsonReader reader, JsonField field, MessageWriter into)
    {
        switch (field.Kind)
        {
            case FieldKind.Double:
                into.WriteFixed64(BitConverter.DoubleToUInt64Bits(ReadDouble(ref reader, field)));
                break;
            case FieldKind.Bool:
                if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False))
                    throw Wrong(ref reader, field.Name, "true or false");
                into.WriteVarint(reader.TokenType == JsonTokenType.True ? 1UL : 0);
                break;
            case FieldKind.Fixed64:
                into.WriteFixed64((ulong)ReadInteger(ref reader, field, 0, ulong.MaxValue));
                break;
            case FieldKind.SignedFixed64:
                into.WriteFixed64((ulong)(long)ReadInteger(ref reader, field, long.MinValue, long.MaxValue));
                break;
            case FieldKind.ZigZag:
                into.WriteVarint(Varint.ZigZag((long)ReadInteger(ref reader, field, int.MinValue, int.MaxValue)));
                break;
            default:
                into.WriteVarint((ulong)(Int128)ReadInteger(ref reader, field, long.MinValue, ulong.MaxValue));
                break;
        }
    }

    private static double ReadDouble(ref Utf8JsonReader reader, JsonField field)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var number))
            return number;
        if (reader.TokenType == JsonTokenType.String)
        {
            var text = reader.GetString();
            switch (text)
            {
                case "NaN":
                    return double.NaN;
                case "Infinity":
                    return double.PositiveInfinity;
                case "-Infinity":
                    return double.NegativeInfinity;
            }
            if (double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out number) && double.IsFinite(number))
                return number;
        }
        throw Wrong(ref reader, field.Name, "a number");
    }

    // Text or number; a number may be written with a point or exponent as long as it is whole.
    private static Int128 ReadInteger(ref Utf8JsonReader reader, JsonField field, Int128 least, Int128 most)
    {
        if (reader.TokenType is JsonTokenType.Number or JsonTokenType.String)
        {
            var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
            if (!Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            {
                if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var exact) || exact != decimal.Truncate(exact))
                    throw Wrong(ref reader, field.Name, "a whole number");
                whole = (Int128)exact;
            }
            if (whole >= least && whole <= most)
                return whole;
        }
        throw Wrong(ref reader, field.Name, $"a whole number from {least} to {most}");
    }

    private static JsonException Wrong(ref Utf8JsonReader reader, string key, string wanted) =>
        new($"'{key}' ends at byte {reader.BytesConsumed} and is {Found(reader.TokenType)}; it has to be {wanted}");

    private static string Found(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "another text",
        JsonTokenType.Number => "another number",
        JsonTokenType.True or JsonTokenType.False => "true or false",
        _ => "null",
    };
}
