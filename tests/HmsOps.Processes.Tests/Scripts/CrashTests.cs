using System.Diagnostics;
using HmsOps.Processes.Scripts;
using HmsOps.Processes.Tests.Support;
using Xunit.Abstractions;

namespace HmsOps.Processes.Tests.Scripts;

/// <summary>A hub in a process of its own is killed with -9 at some instant of its call; the next one has to find exactly what happened.</summary>
public sealed class CrashTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Rounds = 32;

    private readonly ScriptWorld _world = new();

    [Fact]
    public async Task A_hub_killed_at_any_instant_neither_loses_nor_doubles_a_script()
    {
        var chance = new Random(20261121);
        var script = _world.Script("echo ran >>\"$1\"; echo done; exit 6");
        var plans = Enumerable.Range(0, Rounds).Select(round => (round, dieAt: chance.Next(1, 16), findFirst: chance.Next(2) == 0)).ToList();

        var killed = 0;
        var ended = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (round, dieAt, findFirst) in plans)
        {
            var id = new RunId($"round-{round}");
            var ran = _world.PathOf($"ran-{round}");
            if (await StartAndKill(id, script with { Arguments = [ran] }, dieAt))
                killed++;

            var story = $"round {round}: killed at step {dieAt}, then {(findFirst ? "find" : "run")}";
            var first = await Ask(findFirst, id, script with { Arguments = [ran] });
            var second = await Ask(!findFirst, id, script with { Arguments = [ran] });
            Assert.True(first == second, $"{story}: first {first}, then {second}");
            Assert.True(
                first switch
                {
                    RunOutcome.Exited { Code: 6, Output: "done\n" } => TimesRan(ran) == 1,
                    RunOutcome.NeverStarted => findFirst && TimesRan(ran) == 0,
                    _ => false,
                },
                $"{story}: {first}, and it ran {TimesRan(ran)} times");
            ended[first.GetType().Name] = ended.GetValueOrDefault(first.GetType().Name) + 1;
        }
        output.WriteLine($"{killed} of {Rounds} killed; {string.Join(", ", ended.Select(pair => $"{pair.Key} {pair.Value}"))}");
        Assert.True(killed >= Rounds / 2, $"Only {killed} of {Rounds} were killed while they worked.");
        // Shims that came late have long gone by now.
        Assert.All(plans, plan => Assert.InRange(TimesRan(_world.PathOf($"ran-{plan.round}")), 0, 1));
        Assert.Equal(ended.GetValueOrDefault(nameof(RunOutcome.Exited)), plans.Count(plan => TimesRan(_world.PathOf($"ran-{plan.round}")) == 1));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _world.CloseAsync();

    private static int TimesRan(string file) => File.Exists(file) ? File.ReadAllLines(file).Length : 0;

    private Task<RunOutcome> Ask(bool find, RunId id, ScriptStart start) =>
        (find ? _world.NewHub().FindAsync(id, CancellationToken.None) : _world.NewHub().RunAsync(id, start, CancellationToken.None))
        .WaitAsync(ScriptWorld.Patience);

    /// <summary>Kills the child at the n-th change it or its shim makes under the runs' folder. False when it had come to its end before.</summary>
    private async Task<bool> StartAndKill(RunId id, ScriptStart start, int dieAt)
    {
        var steps = 0;
        var dead = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var child = new Process { StartInfo = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "HmsOps.Processes.Child")) };
        foreach (var argument in (IEnumerable<string>)[_world.Root, id.Value, start.Path, start.Sha256, .. start.Arguments])
            child.StartInfo.ArgumentList.Add(argument);
        child.StartInfo.UseShellExecute = false;
        child.StartInfo.RedirectStandardOutput = true;
        child.EnableRaisingEvents = true;
        child.Exited += (_, _) => dead.TrySetResult(false);

        using var watcher = new FileSystemWatcher(_world.Root) { IncludeSubdirectories = true };
        FileSystemEventHandler step = (_, _) =>
        {
            if (Interlocked.Increment(ref steps) == dieAt)
            {
                child.Kill();
                dead.TrySetResult(true);
            }
        };
        watcher.Created += step;
        watcher.Changed += step;
        watcher.Renamed += (sender, e) => step(sender, e);
        watcher.EnableRaisingEvents = true;

        child.Start();
        var wasKilled = await dead.Task.WaitAsync(ScriptWorld.Patience);
        watcher.EnableRaisingEvents = false;
        await child.WaitForExitAsync();
        return wasKilled;
    }
}
