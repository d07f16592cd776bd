using System.Diagnostics;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Scraping;

/// <summary>A program that shows metrics on a free port of this machine, until the test is done.</summary>
internal sealed class Exporter : IAsyncDisposable
{
    private readonly Process _process;

    private Exporter(Process process, int port) => (_process, Address) = (process, $"127.0.0.1:{port}");

    public string Address { get; }

    /// <summary>Starts it; the arguments are told the port.</summary>
    public static Exporter Start(string program, Func<int, IEnumerable<string>> arguments, string folder)
    {
        var port = FreePort.Take();
        var process = Ended.Start(program, arguments(port), folder);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return new Exporter(process, port);
    }

    public async ValueTask DisposeAsync() => await Ended.KillAsync(_process);
}
