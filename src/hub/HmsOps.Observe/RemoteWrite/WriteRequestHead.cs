using Microsoft.Net.Http.Headers;

namespace HmsOps.Observe.RemoteWrite;

/// <summary>What the headers of a request say of its body; each null when the header is not there.</summary>
public sealed record WriteRequestHead(string? ContentType, string? ContentEncoding, string? Version)
{
    private const string Media = "application/x-protobuf";
    private const string MessageOne = "prometheus.WriteRequest";
    private const string MessageTwo = "io.prometheus.write.v2.Request";

    /// <summary>Bytes the sender announced; null when it did not.</summary>
    public long? ContentLength { get; init; }

    /// <summary>Which message is sent; null, and why not, when it is none we read. The media type without <c>proto</c> is the message of 1.0, as both specifications say.</summary>
    internal WriteMessage? Negotiate(out WriteFault? fault)
    {
        var message = MessageOf(ContentType);
        fault = null;
        if (message is null)
        {
            fault = new WriteFault(415, "content_type", $"Content-Type is {Shown(ContentType)}; this door reads {Media}, {Media};proto={MessageOne} and {Media};proto={MessageTwo}");
        }
        else if (!string.Equals(ContentEncoding?.Trim(), "snappy", StringComparison.OrdinalIgnoreCase))
        {
            fault = new WriteFault(415, "content_encoding", $"Content-Encoding is {Shown(ContentEncoding)}; this door reads snappy (the block format) alone");
        }
        else if (Version is not (null or "") && !(System.Version.TryParse(Version, out var version) && version.Major is 0 or 1 or 2))
        {
            fault = new WriteFault(400, "version", $"X-Prometheus-Remote-Write-Version is {Shown(Version)}; this door speaks 0.1.0 (remote write 1) and 2.0");
        }
        return fault is null ? message : null;
    }

    private static WriteMessage? MessageOf(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || !type.MediaType.Equals(Media, StringComparison.OrdinalIgnoreCase))
            return null;
        foreach (var parameter in type.Parameters)
        {
            if (!parameter.Name.Equals("proto", StringComparison.OrdinalIgnoreCase))
                continue;
            var name = HeaderUtilities.RemoveQuotes(parameter.Value);
            if (name.Equals(MessageOne, StringComparison.Ordinal))
                return WriteMessage.One;
            return name.Equals(MessageTwo, StringComparison.Ordinal) ? WriteMessage.Two : null;
        }
        return WriteMessage.One;
    }

    private static string Shown(string? value) => value is null ? "missing" : $"'{(value.Length > 100 ? value[..100] + "…" : value)}'";
}
