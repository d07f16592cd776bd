using System.Net;
using System.Net.Sockets;

namespace HmsOps.Labs.Tests.World;

/// <summary>A port of this machine for a program that takes no port 0: it was ours a moment ago.</summary>
internal static class FreePort
{
    public static int Take()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
