using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace HmsOps.Net.Names;

/// <summary>Looks names up. Safe for concurrent use.</summary>
public interface IResolver
{
    /// <summary>The records of a name; none when the name is there and has no such record.</summary>
    /// <exception cref="ResolveException">The name does not exist, or nobody answered.</exception>
    Task<IReadOnlyList<DnsRecord>> LookUpAsync(string name, DnsType type, CancellationToken cancellationToken);
}

/// <summary>A name could not be looked up.</summary>
public sealed class ResolveException(string message) : IOException(message);

/// <summary>
/// Asks the name servers of this machine. The framework looks up addresses alone and holds a thread while it does; this asks for services too and waits
/// without one. Each server is asked twice, by UDP; an answer that does not fit is fetched by TCP.
/// </summary>
public sealed class StubResolver(IReadOnlyList<IPEndPoint> servers, IReadOnlyList<string> searched, TimeProvider time, Random random) : IResolver
{
    private const int Rounds = 2;
    private const int UdpMax = 4_096;
    private const int NoSuchName = 3;
    private const int StrangersMax = 100; // datagrams that answer no question of ours, before we ask again

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(3);

    private readonly Lock _dice = new();

    /// <summary>A resolver for what <c>/etc/resolv.conf</c> says, or for the text of such a file.</summary>
    public static StubResolver Of(string resolvConf, TimeProvider time, Random random)
    {
        ArgumentNullException.ThrowIfNull(resolvConf);
        var words = resolvConf.Split('\n').Select(line => line.Split('#', ';')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToList();
        var servers = words.Where(line => line is ["nameserver", ..] && line.Length > 1)
            .Select(line => IPAddress.TryParse(line[1], out var address) ? address : null).OfType<IPAddress>()
            .Select(address => new IPEndPoint(address, 53)).Take(3).ToList();
        var searched = words.LastOrDefault(line => line is ["search" or "domain", ..]) is { } found ? found[1..] : [];
        return new StubResolver(servers.Count > 0 ? servers : [new IPEndPoint(IPAddress.Loopback, 53)], searched, time, random);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DnsRecord>> LookUpAsync(string name, DnsType type, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        string[] names = name.EndsWith('.') || name.Contains('.') ? [name] : [.. searched.Select(domain => $"{name}.{domain}"), name];
        for (var i = 0; ; i++)
        {
            if (await AskAllAsync(names[i], type, cancellationToken) is { } records)
                return records;
            if (i == names.Length - 1)
                throw new ResolveException($"{name} does not exist ({type} records were asked for).");
        }
    }

    // Null: there is no such name.
    private async Task<List<DnsRecord>?> AskAllAsync(string name, DnsType type, CancellationToken cancellationToken)
    {
        var last = "no name server is known";
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var server in servers)
            {
                using var late = new CancellationTokenSource(AnswerWithin, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
                try
                {
                    var (answer, asked) = await AskAsync(server, name, type, either.Token);
                    var code = DnsMessage.CodeOf(answer.Span);
                    if (code == NoSuchName)
                        return null;
                    var records = new List<DnsRecord>();
                    if (code == 0 && DnsMessage.TryRead(answer.Span, asked, type, records))
                        return records;
                    last = code == 0 ? $"{server} answered what cannot be read" : $"{server} answered with code {code}";
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    last = $"{server} did not answer within {AnswerWithin.TotalSeconds:0} s";
                }
                catch (Exception e) when (e is SocketException or EndOfStreamException)
                {
                    last = $"{server}: {e.Message}";
                }
            }
        }
        throw new ResolveException($"{name} cannot be looked up: {last}.");
    }

    private async Task<(ReadOnlyMemory<byte> Answer, int Asked)> AskAsync(IPEndPoint server, string name, DnsType type, CancellationToken cancellationToken)
    {
        var question = new byte[DnsMessage.QuestionMax];
        if (!DnsMessage.TryWrite(question, NextId(), name, type, out var length))
            throw new ResolveException($"'{name}' is no name that can be looked up.");
        var asked = question.AsMemory(0, length);
        using var udp = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await udp.ConnectAsync(server, cancellationToken); // only its answers are received
        await udp.SendAsync(asked, cancellationToken);
        var answer = new byte[UdpMax];
        for (var strangers = 0; strangers < StrangersMax; strangers++)
        {
            var received = await udp.ReceiveAsync(answer, cancellationToken);
            if (!DnsMessage.Answers(answer.AsSpan(0, received), asked.Span))
                continue;
            return DnsMessage.IsCut(answer) ? (await AskWholeAsync(server, asked, cancellationToken), length) : (answer.AsMemory(0, received), length);
        }
        throw new EndOfStreamException("only datagrams came that answer nothing we asked");
    }

    private static async Task<ReadOnlyMemory<byte>> AskWholeAsync(IPEndPoint server, ReadOnlyMemory<byte> question, CancellationToken cancellationToken)
    {
        using var tcp = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await tcp.ConnectAsync(server, cancellationToken);
        await using var stream = new NetworkStream(tcp);
        var framed = new byte[question.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)question.Length);
        question.CopyTo(framed.AsMemory(2));
        await stream.WriteAsync(framed, cancellationToken);
        await stream.ReadExactlyAsync(framed.AsMemory(0, 2), cancellationToken);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(framed)];
        await stream.ReadExactlyAsync(answer, cancellationToken);
        return DnsMessage.Answers(answer, question.Span) ? answer : throw new EndOfStreamException("another question was answered");
    }

    private ushort NextId()
    {
        lock (_dice)
            return (ushort)random.Next(ushort.MaxValue + 1);
    }
}
