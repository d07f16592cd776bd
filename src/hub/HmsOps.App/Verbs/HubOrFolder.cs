using System.Text.RegularExpressions;
using HmsOps.Disk;
using HmsOps.Present;

namespace HmsOps.App.Verbs;

/// <summary>Who answers for a data folder: the hub that has it, else this process, which holds the folder's lock meanwhile.</summary>
internal static partial class HubOrFolder
{
    /// <summary>Asks the one or the other; answers the exit code. What the folder refuses is said.</summary>
    /// <param name="folder">The data folder, as it was typed.</param>
    /// <param name="doing">The command, for the message another process shows while the folder is held.</param>
    /// <param name="ask">Asks the hub that has the folder, by its address.</param>
    /// <param name="here">Does it in this process, on the folder of the metric store.</param>
    public static async Task<int> RunAsync(string folder, string doing, Func<string, Task<int>> ask, Func<string, Task<int>> here)
    {
        var data = Path.GetFullPath(folder);
        if (!Directory.Exists(Path.Combine(data, "metrics")))
        {
            await Console.Error.WriteLineAsync($"hms-ops: {data} is no data folder: there is no folder metrics in it. Name one with --data, or a running hub with --hub");
            return ExitCode.Usage;
        }
        try
        {
            using var taken = FolderLock.Take(new RealDisk(), data, $"pid {Environment.ProcessId} on {Environment.MachineName}, running {doing}");
            return await here($"{data}/metrics");
        }
        catch (FolderHeldException held) when (ListeningOn().Match(held.Holder) is { Success: true } at)
        {
            return await ask(at.Groups["address"].Value);
        }
        catch (Exception failure) when (failure is StoreOrderException or IOException or UnauthorizedAccessException or InvalidDataException)
        {
            await Console.Error.WriteLineAsync($"hms-ops: {failure.Message}");
            return ExitCode.No;
        }
    }

    [GeneratedRegex(@"listening on (?<address>\S+)", RegexOptions.NonBacktracking)]
    private static partial Regex ListeningOn();
}
