using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using HmsOps.App.Settings;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace HmsOps.App.Running;

/// <summary>
/// The sockets the hub listens on, bound before anything else is opened: an address that is taken is said at once, and a port the system chose is known to
/// whatever prints a link.
/// </summary>
internal sealed class Doors : IDisposable
{
    private readonly Dictionary<EndPoint, Socket> _sockets = [];

    private Doors()
    {
    }

    /// <summary>What is listened on, with the ports the system chose.</summary>
    public IEnumerable<IPEndPoint> EndPoints => _sockets.Keys.Cast<IPEndPoint>().Where(each => !each.Equals(Otlp));

    /// <summary>Where OTLP over gRPC is listened for; null when it is not.</summary>
    public IPEndPoint? Otlp { get; private set; }

    /// <summary>The first door's address, as a browser takes it.</summary>
    public Uri First { get; private set; } = new("http://127.0.0.1");

    /// <summary>Binds every address.</summary>
    /// <exception cref="HubCannotStartException">One is taken, or is not this machine's.</exception>
    public static Doors Bind(IReadOnlyList<ListenAddress> addresses)
    {
        var doors = new Doors();
        foreach (var address in addresses)
        {
            try
            {
                var socket = Listening(address);
                var bound = socket.LocalEndPoint as IPEndPoint ?? throw new InvalidOperationException("A bound socket has no address.");
                if (doors._sockets.Count == 0)
                    doors.First = new Uri($"http://{bound}");
                doors._sockets.Add(bound, socket);
            }
            catch (SocketException e)
            {
                doors.Dispose();
                throw new HubCannotStartException(
                    $"{address} cannot be listened on: {e.Message}. Stop what listens there, or choose another with --listen ADDR:PORT (port 0 takes a free one).");
            }
        }
        return doors;
    }

    // Two programs may be bound to one address as long as neither listens: who comes second is told now, and not by the web server.
    private static Socket Listening(ListenAddress address)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(new IPEndPoint(address.Address, address.Port));
        try
        {
            socket.Listen();
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>True for an address that leads to one of these doors.</summary>
    public bool IsOurs(IPEndPoint place)
    {
        ArgumentNullException.ThrowIfNull(place);
        return EndPoints.Any(door => door.Port == place.Port && (door.Address.Equals(place.Address) || (IsAny(door.Address) && IsThisMachine(place.Address))));
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static bool IsThisMachine(IPAddress address) =>
        IPAddress.IsLoopback(address) || NetworkInterface.GetAllNetworkInterfaces().Any(card => card.GetIPProperties().UnicastAddresses.Any(own => own.Address.Equals(address)));

    /// <summary>
    /// Binds the address of OTLP over gRPC. Another program may well have it (a collector does): an address that nobody wrote down is then gone without, and the
    /// answer says so.
    /// </summary>
    /// <exception cref="HubCannotStartException">It was written down and is taken, or is not this machine's.</exception>
    public string? BindOtlp(ListenAddress? address, bool isWritten)
    {
        if (address is null)
            return null;
        try
        {
            var socket = Listening(address);
            Otlp = socket.LocalEndPoint as IPEndPoint ?? throw new InvalidOperationException("A bound socket has no address.");
            _sockets.Add(Otlp, socket);
            return null;
        }
        catch (SocketException e)
        {
            if (isWritten)
            {
                throw new HubCannotStartException(
                    $"{address} cannot be listened on for OTLP over gRPC: {e.Message}. Stop what listens there, or choose another with --otlp-grpc ADDR:PORT, or off.");
            }
            return $"OTLP over gRPC is off: {address} cannot be listened on: {e.Message}. Choose another address with otlp.grpc, or write off; OTLP over HTTP is at /v1/metrics";
        }
    }

    /// <summary>Hands a bound socket to the web server, which owns it from then on.</summary>
    public Socket SocketOf(EndPoint endpoint) => _sockets[endpoint];

    public void Dispose()
    {
        foreach (var socket in _sockets.Values)
            socket.Dispose();
    }
}
