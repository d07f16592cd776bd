using System.Net.Http.Headers;
using HmsOps.Observe.History;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.RemoteRead;

/// <summary>A question of remote read as it is sent, and its answer by the form it comes in: streamed chunks, or samples of a store that knows no better.</summary>
internal static class RemoteReadExchange
{
    private const int RequestBytesMax = 4 << 20;
    private const string Streamed = "application/x-streamed-protobuf";

    /// <summary>Asks for the samples of some series.</summary>
    public static HttpRequestMessage Request(Uri address, IReadOnlyList<Matcher> matchers, long from, long to)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(Question(matchers, from, to)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(RemoteReadOutlet.SampledType);
        request.Content.Headers.ContentEncoding.Add("snappy");
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("snappy"));
        request.Headers.Add("X-Prometheus-Remote-Read-Version", "0.1.0");
        return request;
    }

    /// <summary>The answer, to be taken apart; null when it is in no form of remote read.</summary>
    public static AnswerParts? Parts(HttpResponseMessage answer, Stream body, string name, long from, long to, HistoryDamage damage)
    {
        var type = answer.Content.Headers.ContentType?.MediaType ?? "";
        if (type.Equals(Streamed, StringComparison.OrdinalIgnoreCase))
            return new FramedParts(body, name, from, to, damage);
        return type.Equals(RemoteReadOutlet.SampledType, StringComparison.OrdinalIgnoreCase) ? new WholeParts(body, name, from, to, damage) : null;
    }

    /// <summary>The form of an answer, for messages.</summary>
    public static string TypeOf(HttpResponseMessage answer) => answer.Content.Headers.ContentType?.MediaType ?? "no type";

    private static byte[] Question(IReadOnlyList<Matcher> matchers, long from, long to)
    {
        using var message = new MessageWriter(RequestBytesMax, new ByteBudget(2L * RequestBytesMax));
        ReadQuestion.Write(message, matchers, from, to);
        if (message.IsFull)
            throw new InvalidOperationException($"The matchers take more than {RequestBytesMax} bytes.");
        var packed = new byte[Snappy.PackedBytesMax(message.Length)];
        return packed[..Snappy.Pack(message.Bytes.Span, packed)];
    }
}
