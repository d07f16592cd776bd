using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace HmsOps.Bench.Chunks;

/// <summary>The classes of this folder, one for one question, by BenchmarkDotNet. Its means are worth something on a quiet machine only.</summary>
internal static class ChunkBenches
{
    /// <summary>Arguments: BenchmarkDotNet's; all classes when there are none.</summary>
    public static void Run(string[] args)
    {
        // In this process: a generated project would not find its way through the house's central versions and lock files.
        var job = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance);
        BenchmarkSwitcher.FromAssembly(typeof(ChunkBenches).Assembly).Run(
            args.Length > 0 ? args : ["--filter", "*"], DefaultConfig.Instance.AddJob(job).WithArtifactsPath(".build/bench"));
    }
}
