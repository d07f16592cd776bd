using System.Buffers;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Threading.Channels;
using HmsOps.Observe.Wire;

namespace HmsOps.SideBySide;

/// <summary>Sends a fleet's scrapes by remote write 1.0, one request at a time; the next one is made meanwhile.</summary>
internal static class Sender
{
    /// <summary>Answers what every request took, in seconds, sorted.</summary>
    public static async Task<double[]> SendAsync(Server server, Peer peer, Fleet fleet, Scale scale, long firstTime, CancellationToken cancellationToken)
    {
        var bodies = Channel.CreateBounded<ArraySegment<byte>>(8);
        var making = Task.Run(() => MakeAsync(fleet, scale, firstTime, bodies.Writer, cancellationToken), cancellationToken);
        var took = new List<double>();
        await foreach (var body in bodies.Reader.ReadAllAsync(cancellationToken))
        {
            var begun = Stopwatch.GetTimestamp();
            await SendAsync(server, peer, body, cancellationToken);
            took.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
            ArrayPool<byte>.Shared.Return(body.Array!); // rented by the maker
        }
        await making;
        took.Sort();
        return [.. took];
    }

    private static async Task SendAsync(Server server, Peer peer, ArraySegment<byte> body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, peer.WritePath);
        request.Content = new ByteArrayContent(body.Array!, body.Offset, body.Count);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        request.Content.Headers.ContentEncoding.Add("snappy");
        request.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
        using var answer = await server.Http.SendAsync(request, cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{peer.Name} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
    }

    private static async Task MakeAsync(Fleet fleet, Scale scale, long firstTime, ChannelWriter<ArraySegment<byte>> into, CancellationToken cancellationToken)
    {
        try
        {
            for (var scrape = 0; scrape < scale.Scrapes; scrape++)
            {
                foreach (var body in fleet.Scrape(scrape, firstTime + (long)scrape * scale.IntervalMs))
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
            into.Complete(failure); // the one who reads hears of it
            throw;
        }
    }
}
