using System.Buffers;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Threading.Channels;
using HmsOps.Observe.Wire;
using HmsOps.SideBySide.Peers;

namespace HmsOps.SideBySide.Data;

/// <summary>Sends a fleet's scrapes by remote write 1.0, one request at a time; the next ones are made meanwhile.</summary>
internal sealed class Sender(Server server, Fleet fleet)
{
    private const int MadeAhead = 8;

    /// <summary>Sends scrapes in order; answers what every request took, in seconds, sorted.</summary>
    public async Task<double[]> SendAsync(IEnumerable<(int Scrape, long Time)> scrapes, CancellationToken cancellationToken)
    {
        _ = server.Pid; // throws when it is gone
        var bodies = Channel.CreateBounded<ArraySegment<byte>>(MadeAhead); // full: the maker waits
        using var failing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var making = Task.Run(() => MakeAsync(scrapes, bodies.Writer, failing.Token), CancellationToken.None);
        var took = new List<double>();
        try
        {
            await foreach (var body in bodies.Reader.ReadAllAsync(cancellationToken))
            {
                var begun = Stopwatch.GetTimestamp();
                await PostAsync(server, body, cancellationToken);
                took.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
                ArrayPool<byte>.Shared.Return(body.Array!); // rented by the maker
            }
        }
        finally
        {
            await failing.CancelAsync();
            await making;
        }
        took.Sort();
        return [.. took];
    }

    /// <summary>Packs and sends one message.</summary>
    public static Task PostAsync(Server server, ReadOnlySpan<byte> message, CancellationToken cancellationToken)
    {
        var packed = new byte[Snappy.PackedBytesMax(message.Length)];
        return PostAsync(server, new ArraySegment<byte>(packed, 0, Snappy.Pack(message, packed)), cancellationToken);
    }

    private static async Task PostAsync(Server server, ArraySegment<byte> body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/write");
        request.Content = new ByteArrayContent(body.Array!, body.Offset, body.Count); // a rented one
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        request.Content.Headers.ContentEncoding.Add("snappy");
        request.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
        using var answer = await server.Http.SendAsync(request, cancellationToken);
        await NotMeasuredException.UnlessSuccessAsync(answer, cancellationToken);
    }

    // Ends the channel whichever way it ends: what went wrong here is heard where the bodies are read.
    private async Task MakeAsync(IEnumerable<(int Scrape, long Time)> scrapes, ChannelWriter<ArraySegment<byte>> into, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var (scrape, time) in scrapes)
            {
                foreach (var body in fleet.Scrape(scrape, time))
                {
                    var packed = ArrayPool<byte>.Shared.Rent(Snappy.PackedBytesMax(body.Length));
                    var length = Snappy.Pack(body.Span, packed);
                    await into.WriteAsync(new ArraySegment<byte>(packed, 0, length), cancellationToken);
                }
            }
            into.Complete();
        }
        catch (Exception failure)
        {
            into.TryComplete(failure);
        }
    }
}
