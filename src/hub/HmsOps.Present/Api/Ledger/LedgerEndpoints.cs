using System.Buffers;
using System.Globalization;
using System.Text.Json;
using HmsOps.Ledger;
using HmsOps.Present.Api.Live;
using HmsOps.Present.Doors;
using HmsOps.Present.Readings;
using HmsOps.Present.Web.Words;
using HmsOps.Record;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HmsOps.Present.Api.Ledger;

/// <summary><c>GET /api/ops/v1/ledger</c>: entries in order, by page or followed as a stream; and one entry with its proof.</summary>
internal sealed class LedgerEndpoints(PresentSources sources, LedgerReader reader, LiveStreams streams)
{
    private const int LimitMax = 1_000;

    public void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/ledger", ListAsync);
        api.MapGet("/ledger/{sequence:long}", OneAsync);
    }

    private async Task ListAsync(HttpContext http)
    {
        var query = http.Request.Query;
        if (!TryNumber(query["after"], -1, out var after) || after < -1)
            await Bad("after", "a sequence, from 0").WriteAsync(http.Response, http.RequestAborted);
        else if (!TryNumber(query["limit"], 100, out var limit) || limit is < 1 or > LimitMax)
            await Bad("limit", $"1 to {LimitMax}").WriteAsync(http.Response, http.RequestAborted);
        else if (FilterOf(query["kind"].ToString(), query["incident"].ToString()) is not { } which)
            await Bad("kind", "alert, act, page, incident, config, hub or other").WriteAsync(http.Response, http.RequestAborted);
        else if (http.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.Ordinal))
            await FollowAsync(http, after, which);
        else
            await WriteAsync(http, json => WriteList(json, after, (int)limit, which));
    }

    private async Task OneAsync(HttpContext http, long sequence)
    {
        if (reader.Find(sequence) is not { } found)
        {
            var problem = new Problem(
                "no-entry", $"The ledger has no entry {sequence}", StatusCodes.Status404NotFound,
                sources.Journal.State.Size is var size and > 0 ? $"Its entries are 0 to {size - 1}." : "It is still empty.");
            await problem.WriteAsync(http.Response, http.RequestAborted);
            return;
        }
        await WriteAsync(http, json => WriteEntry(json, found.Entry, http.Request.Query["proof"] == "1" ? found.Proof : null));
    }

    private Func<Envelope, bool>? FilterOf(string kind, string incident)
    {
        if (LedgerReader.FilterOf(kind) is not { } which)
            return null;
        if (incident.Length == 0)
            return which;
        // Asked anew for each entry: an incident that is followed goes on growing.
        return entry => which(entry) && (entry.Incident == incident
            || (sources.Journal.State.Incidents.GetValueOrDefault(incident)?.Entries.Contains(entry.Sequence) ?? false));
    }

    /// <summary>Every entry from there on, for as long as the asker listens; the event's id is the sequence, so a reconnect goes on where it was.</summary>
    private async Task FollowAsync(HttpContext http, long after, Func<Envelope, bool> which)
    {
        if (TryNumber(http.Request.Headers["Last-Event-ID"], after, out var last))
            after = last;
        await using var stream = await streams.OpenAsync(http);
        if (stream is null)
            return;
        try
        {
            await foreach (var entry in sources.Journal.FollowAsync(after + 1, stream.Stopping))
            {
                if (!which(entry) || sources.Journal.Log.Read(entry.Sequence) is not { } bytes)
                    continue;
                await stream.SendAsync("entry", $"{entry.Sequence}", json => WriteEntry(json, bytes, proof: null));
            }
        }
        catch (OperationCanceledException) when (stream.Stopping.IsCancellationRequested)
        {
            // The listener left, or the hub stops: that is how a stream ends.
        }
    }

    private void WriteList(Utf8JsonWriter json, long after, int limit, Func<Envelope, bool> which)
    {
        var (entries, next) = reader.After(after, limit, which);
        json.WriteStartObject();
        json.WriteStartArray("entries");
        foreach (var entry in entries)
        {
            if (sources.Journal.Log.Read(entry.Sequence) is { } bytes)
                WriteEntry(json, bytes, proof: null);
        }
        json.WriteEndArray();
        if (next is { } cursor)
            json.WriteNumber("next", cursor);
        json.WriteNumber("size", sources.Journal.State.Size);
        json.WriteEndObject();
    }

    private void WriteEntry(Utf8JsonWriter json, LedgerEntry entry, InclusionProof? proof)
    {
        json.WriteStartObject();
        json.WriteNumber("sequence", entry.Sequence);
        json.WriteString("time", entry.Time.UtcDateTime);
        if (sources.Journal.Read(entry.Sequence) is { } envelope)
        {
            var words = EnvelopeWords.Of(envelope, sources.Journal.State);
            json.WriteString("kind", words.Kind.ToString().ToLowerInvariant());
            json.WriteString("title", words.Title);
        }
        WriteContent(json, entry);
        if (proof is not null)
            WriteProof(json, proof);
        json.WriteEndObject();
    }

    /// <summary>The bytes as they were entered. Another program may have entered what is no JSON: then they come in base64, so that they can still be hashed.</summary>
    private static void WriteContent(Utf8JsonWriter json, LedgerEntry entry)
    {
        if (IsJson(entry.Bytes.Span))
        {
            json.WritePropertyName("envelope");
            json.WriteRawValue(entry.Bytes.Span, skipInputValidation: true);
        }
        else
        {
            json.WriteBase64String("bytes", entry.Bytes.Span);
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes);
        return JsonDocument.TryParseValue(ref reader, out var document) && Discard(document) && reader.BytesConsumed == bytes.Length;
    }

    private static bool Discard(JsonDocument? document)
    {
        document?.Dispose();
        return true;
    }

    private static void WriteProof(Utf8JsonWriter json, InclusionProof proof)
    {
        json.WriteStartObject("proof");
        json.WriteNumber("size", proof.Size);
        json.WriteString("leaf", proof.Leaf.ToString());
        json.WriteString("root", proof.Root.ToString());
        json.WriteStartArray("path");
        foreach (var hash in proof.Path)
            json.WriteStringValue(hash.ToString());
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static async Task WriteAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(4_096);
        using (var json = new Utf8JsonWriter(body))
            write(json);
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.WrittenCount;
        await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted);
    }

    private static bool TryNumber(string? text, long otherwise, out long number)
    {
        number = otherwise;
        return string.IsNullOrEmpty(text) || long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    private static Problem Bad(string parameter, string takes) =>
        new("bad-parameter", $"'{parameter}' is not understood", StatusCodes.Status400BadRequest, $"'{parameter}' takes {takes}.");
}
