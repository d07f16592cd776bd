using System.Diagnostics;
using HmsOps.SideBySide.Data;
using HmsOps.SideBySide.Peers;
using HmsOps.SideBySide.Table;

namespace HmsOps.SideBySide.Parts;

/// <summary>Every trial that is asked for and not in the raw lines yet, one server after the other, never two at once.</summary>
internal static class Trials
{
    public static async Task RunAsync(Options options, RawLines raw, string folder, CancellationToken stopping)
    {
        foreach (var scale in options.Scales)
        {
            Console.WriteLine($"{scale}: a server has {scale.Bound.TotalMinutes:0} minutes a run at most");
            for (var run = 1; run <= options.Runs; run++)
            {
                foreach (var peer in options.Peers)
                    await TryAsync(options, scale, run, peer, raw, Path.Combine(folder, $"{peer.Name}-{Environment.ProcessId}"), stopping);
            }
        }
    }

    private static async Task TryAsync(Options options, Scale scale, int run, Peer peer, RawLines raw, string folder, CancellationToken stopping)
    {
        var version = peer.Version;
        Part[] parts = [.. scale.Parts.Intersect(options.Parts).Where(part => options.Again || !raw.Has(scale.Name, peer.Name, run, part.ToString(), version))];
        if (parts.Length == 0)
            return;
        var begun = Stopwatch.GetTimestamp();
        try
        {
            await new Trial(peer, scale, run, folder, TimeProvider.System, raw).RunAsync(parts, stopping);
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        Console.WriteLine($"{scale.Name}, run {run}, {peer.Name}: {Stopwatch.GetElapsedTime(begun).TotalSeconds:0} s in all");
    }
}
