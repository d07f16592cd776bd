using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace HmsOps.Record;

/// <summary>
/// An envelope as bytes: an MCP <c>tools/call</c> request as JSON-RPC 2.0. The bytes written are the canonical form; they are never made again.
/// </summary>
public static class EnvelopeCodec
{
    private const string Prefix = "hms-ops/";
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffffffZ";

    // Arrows and accents are written as they are; what a web page could misread is still escaped where pages are made.
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes an envelope, with the random salt that keeps a later redaction from being guessed.</summary>
    public static void Write(IBufferWriter<byte> into, Envelope envelope, ReadOnlySpan<byte> salt)
    {
        using var json = new Utf8JsonWriter(into, Compact);
        json.WriteStartObject();
        json.WriteString("jsonrpc", "2.0");
        json.WriteString("id", envelope.Id);
        json.WriteString("method", "tools/call");
        json.WriteStartObject("params");
        json.WriteString("name", EventCatalogue.NameOf(envelope.Event));
        json.WritePropertyName("arguments");
        EventCatalogue.Write(json, envelope.Event);
        json.WriteStartObject("_meta");
        json.WriteNumber(Prefix + "v", EventCatalogue.VersionOf(envelope.Event));
        json.WriteNumber(Prefix + "seq", envelope.Sequence);
        json.WriteString(Prefix + "time", envelope.Time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
        json.WriteString(Prefix + "actor", envelope.Actor);
        if (envelope.Cause is { } cause)
            json.WriteString(Prefix + "cause", cause);
        if (envelope.Incident is not null)
            json.WriteString(Prefix + "incident", envelope.Incident);
        if (envelope.Key is not null)
            json.WriteString(Prefix + "key", envelope.Key);
        json.WriteBase64String(Prefix + "salt", salt);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Reads an envelope back.</summary>
    /// <exception cref="FormatException">The bytes are no envelope: the ledger holds them, but another program wrote them.</exception>
    public static Envelope Read(ReadOnlyMemory<byte> bytes, long sequence)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            var call = root.GetProperty("params");
            var meta = call.GetProperty("_meta");
            return new Envelope
            {
                Id = root.GetProperty("id").GetGuid(),
                Sequence = meta.GetProperty(Prefix + "seq").GetInt64(),
                Time = DateTimeOffset.ParseExact(
                    meta.GetProperty(Prefix + "time").GetString() ?? "", TimeFormat, CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal),
                Actor = meta.GetProperty(Prefix + "actor").GetString() ?? "",
                Event = EventCatalogue.Read(
                    call.GetProperty("name").GetString() ?? "", meta.GetProperty(Prefix + "v").GetInt32(), call.GetProperty("arguments")),
                Cause = meta.TryGetProperty(Prefix + "cause", out var cause) ? cause.GetGuid() : null,
                Incident = meta.TryGetProperty(Prefix + "incident", out var incident) ? incident.GetString() : null,
                Key = meta.TryGetProperty(Prefix + "key", out var key) ? key.GetString() : null,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            throw new FormatException($"Entry {sequence} of the ledger is not an envelope: {e.Message}", e);
        }
    }
}
