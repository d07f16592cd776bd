using System.Net;
using System.Net.Sockets;

namespace HmsOps.Net.Egress;

/// <summary>
/// Where the hub may connect to by itself. The address is judged after its name was resolved, and exactly that address is connected to: a name that resolves to
/// something else a moment later gains nothing. The machine itself is allowed, its neighbours on the link and the cloud's metadata are not.
/// </summary>
public static class EgressRule
{
    private static readonly IPAddress MetadataV6 = IPAddress.Parse("fd00:ec2::254");

    // A well-behaved server's head is a few hundred bytes.
    private const int HeadKiBMax = 32;

    /// <summary>
    /// What requests that the hub makes by itself go through: only where it is allowed, straight there, to nobody it was sent on to, and with nothing kept from one to the next.
    /// </summary>
    /// <param name="besides">Another objection to an address; null for none.</param>
    public static SocketsHttpHandler Handler(Func<IPEndPoint, string?>? besides = null) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false, // a proxy would resolve the name where we cannot see to what
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = HeadKiBMax,
        ConnectCallback = async (context, connecting) => new NetworkStream(
            await ConnectAsync(context.DnsEndPoint, besides ?? (static _ => null), connecting), ownsSocket: true),
    };

    /// <summary>Connects to the first address of a name that is allowed and answers.</summary>
    /// <exception cref="EgressDeniedException">No address of it is allowed.</exception>
    /// <exception cref="SocketException">It has no address, or none answers.</exception>
    public static Task<Socket> ConnectAsync(DnsEndPoint place, CancellationToken cancellationToken) => ConnectAsync(place, static _ => null, cancellationToken);

    /// <summary>As above, with another objection, as to an address of our own.</summary>
    public static async Task<Socket> ConnectAsync(DnsEndPoint place, Func<IPEndPoint, string?> besides, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(place);
        ArgumentNullException.ThrowIfNull(besides);
        var addresses = await Dns.GetHostAddressesAsync(place.Host, cancellationToken);
        var allowed = addresses.Where(address => ObjectionTo(address) is null).ToList();
        if (addresses.Length > 0 && allowed.Count == 0)
            throw new EgressDeniedException(place, addresses[0], ObjectionTo(addresses[0])!); // it is not allowed, hence has an objection

        SocketException? last = null;
        foreach (var address in allowed)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, place.Port), cancellationToken);
                return socket;
            }
            catch (SocketException e)
            {
                socket.Dispose();
                last = e;
            }
            catch (OperationCanceledException)
            {
                socket.Dispose();
                throw;
            }
        }
        throw last ?? new SocketException((int)SocketError.HostNotFound);

        string? ObjectionTo(IPAddress address) => Objection(address) ?? besides(new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, place.Port));
    }

    /// <summary>Why nothing is sent to an address; null when it may be.</summary>
    public static string? Objection(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var bytes = V4Of(address);
        if (bytes is null)
        {
            if (address.IsIPv6LinkLocal)
                return "a link-local address";
            if (address.Equals(MetadataV6))
                return "the cloud's metadata service";
            return address.IsIPv6Multicast || address.Equals(IPAddress.IPv6Any) ? "not the address of one machine" : null;
        }
        return bytes switch
        {
            [169, 254, 169, 254] => "the cloud's metadata service",
            [169, 254, ..] => "a link-local address",
            [0, ..] or [>= 224, ..] => "not the address of one machine",
            _ => null,
        };
    }

    // 64:ff9b::/96 (RFC 6052) and ::ffff:0:0/96 carry an IPv4 address, and reach it.
    private static byte[]? V4Of(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return address.GetAddressBytes();
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4().GetAddressBytes();
        var bytes = address.GetAddressBytes();
        return bytes is [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ..] ? bytes[12..] : null;
    }
}

/// <summary>A name leads to an address the hub does not connect to.</summary>
public sealed class EgressDeniedException(DnsEndPoint place, IPAddress address, string why)
    : IOException($"{place.Host} is {address}, {why}: nothing is sent there. Name its own address.");
