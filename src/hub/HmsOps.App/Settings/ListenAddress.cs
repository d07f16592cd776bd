using System.Globalization;
using System.Net;
using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.App.Settings;

/// <summary>An address the hub listens on. Port 0 lets the system choose one.</summary>
public sealed record ListenAddress(IPAddress Address, int Port)
{
    /// <summary>True when no other machine can reach it.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    public override string ToString() => new IPEndPoint(Address, Port).ToString();
}

/// <summary>A value of <c>listen:</c>. Names are not looked up: what an address is does not depend on who answers.</summary>
public sealed class ListenAddressType : ValueType<ListenAddress>
{
    public override string Name => "an address and port like 127.0.0.1:9900";

    public override bool TryRead(YamlNode node, Findings findings, out ListenAddress value)
    {
        value = new ListenAddress(IPAddress.Loopback, 0);
        if (node is not YamlNode.Scalar { Text: var text } || text.LastIndexOf(':') is not (> 0 and var colon)
            || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return Refuse(node, findings, "Write an IP address, a colon and a port; an IPv6 address in brackets: [::1]:9900.");
        var host = text[..colon] == "localhost" ? "127.0.0.1" : text[..colon];
        // Four numbers in full, or brackets: .NET reads 127.1 and a bare ::1 too, and a person may mean something else by them.
        var bracketed = host is ['[', .., ']'];
        if (!IPAddress.TryParse(bracketed ? host[1..^1] : host, out var address) || bracketed != host.Contains(':', StringComparison.Ordinal) || (!bracketed && host.Count(c => c == '.') != 3))
            return Refuse(node, findings, "Write an IP address, a colon and a port; an IPv6 address in brackets: [::1]:9900.");
        value = new ListenAddress(address, port);
        return true;
    }

    public override string Write(ListenAddress value) => value.ToString();
}

/// <summary>An address that is listened on, or none.</summary>
public sealed record OptionalAddress(ListenAddress? Address);

/// <summary>A value that is an address, or <c>off</c>.</summary>
public sealed class OptionalAddressType : ValueType<OptionalAddress>
{
    private const string Off = "off";

    private readonly ListenAddressType _address = new();

    public override string Name => "an address and port like 127.0.0.1:4317, or off";

    public override bool TryRead(YamlNode node, Findings findings, out OptionalAddress value)
    {
        value = new OptionalAddress(null);
        if (node is YamlNode.Scalar { Text: Off })
            return true;
        var read = _address.TryRead(node, findings, out var address);
        value = new OptionalAddress(address);
        return read;
    }

    public override string Write(OptionalAddress value) => value.Address?.ToString() ?? Off;
}
