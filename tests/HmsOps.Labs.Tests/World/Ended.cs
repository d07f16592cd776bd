using System.Diagnostics;

namespace HmsOps.Labs.Tests.World;

/// <summary>A program that ran to its end: code, and what it said on both streams.</summary>
internal sealed record Ended(int Code, string Output, string Errors)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Runs a program; one that is not done within the deadline (30 s unless said) is killed, and the test fails.</summary>
    public static async Task<Ended> RunAsync(
        string program, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string?>? environment = null, TimeSpan? within = null)
    {
        using var process = Start(program, arguments, folder, environment);
        using var deadline = new CancellationTokenSource(within ?? Deadline);
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var errors = process.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            return new Ended(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {(within ?? Deadline).TotalSeconds:0} s", e);
        }
    }

    /// <summary>Kills a process that was started, if it still runs, waits until it is gone, and lets go of it.</summary>
    public static async Task KillAsync(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill();
            using var deadline = new CancellationTokenSource(Deadline);
            await process.WaitForExitAsync(deadline.Token);
        }
        process.Dispose();
    }

    public static Process Start(string program, IEnumerable<string> arguments, string folder, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Checkout.Surroundings.Concat(environment ?? new Dictionary<string, string?>()))
        {
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        }
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
    }
}
