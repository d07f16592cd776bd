using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using HmsOps.Bench.Chunks;

if (args is ["rates"])
{
    ChunkRates.Print(Console.Out);
    return;
}

// In this process: a generated project would not find its way through the house's central versions and lock files.
var job = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, DefaultConfig.Instance.AddJob(job).WithArtifactsPath(".build/bench"));
