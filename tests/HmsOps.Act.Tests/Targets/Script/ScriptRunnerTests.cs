using System.Security.Cryptography;
using HmsOps.Act.Targets;
using HmsOps.Act.Targets.Script;
using HmsOps.Processes.Scripts;

namespace HmsOps.Act.Tests.Targets.Script;

/// <summary>The engine room's own suite runs scripts in every way; here, that its answers arrive as the effector's.</summary>
public sealed class ScriptRunnerTests : IDisposable
{
    private static readonly EffectKey Key = new("5e884898da28047151d0e56f8dc62927");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hms-ops-runner-");
    private readonly ScriptRuns _runs;

    public ScriptRunnerTests() => _runs = new ScriptRuns(Path.Combine(_folder.FullName, "runs"), TimeProvider.System);

    private ScriptRunner Runner => new(_runs);

    [Fact]
    public async Task A_script_gets_its_arguments_and_variables_and_its_end_is_told_for_ever()
    {
        var call = Call("echo \"$1 $SERVICE\"; exit 3", new() { ["SERVICE"] = "docket" }, "DOCKET_RULE");
        var exited = Assert.IsType<ScriptOutcome.Exited>(await Runner.RunAsync(call, Key, CancellationToken.None).WaitAsync(Patience));
        Assert.Equal((3, "DOCKET_RULE docket\n"), (exited.Code, exited.Output));
        Assert.Equal(exited, await Runner.FindAsync(Key, CancellationToken.None));
    }

    [Fact]
    public async Task What_was_never_started_never_is()
    {
        Assert.Equal(new ScriptOutcome.NeverStarted(), await Runner.FindAsync(Key, CancellationToken.None));
        Assert.Equal(new ScriptOutcome.NeverStarted(), await Runner.RunAsync(Call("exit 0", []), Key, CancellationToken.None));
    }

    [Fact]
    public async Task Another_content_than_the_intent_named_is_refused()
    {
        var call = Call("exit 0", []) with { Sha256 = new string('0', 64) };
        Assert.StartsWith(
            $"{call.Path} was changed since it was decided to run it", Assert.IsType<ScriptOutcome.Refused>(await Runner.RunAsync(call, Key, CancellationToken.None)).Reason);
    }

    [Theory]
    [InlineData("timed-out 8450.43", "TimedOut { Output = half, Took = 00:05:00 }")]
    [InlineData("exit 143 8152.93", "Exited { Code = 143, Output = half, Took = 00:00:02.5000000 }")]
    public async Task An_end_written_down_by_an_earlier_hub_is_told(string end, string outcome)
    {
        var run = Directory.CreateDirectory(Path.Combine(_folder.FullName, "runs", Key.Value)).FullName;
        File.WriteAllText(Path.Combine(run, "output"), "half");
        File.CreateSymbolicLink(Path.Combine(run, "claim"), "shim 3f0e7c52-8f3e-4b52-9d5a-1f0f3c6b7a11 4711 815042 8150.43");
        File.CreateSymbolicLink(Path.Combine(run, "end"), end);
        Assert.Equal(outcome, (await Runner.FindAsync(Key, CancellationToken.None)).ToString());
    }

    [Fact]
    public async Task A_script_the_hubs_stop_cut_short_is_unknown_with_what_it_wrote()
    {
        var watcher = new FileSystemWatcher(_folder.FullName, "begun");
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        watcher.Created += (_, _) => begun.TrySetResult();
        watcher.EnableRaisingEvents = true;
        using (watcher)
        {
            var running = Runner.RunAsync(Call("echo half; >begun; sleep 1000", []), Key, CancellationToken.None);
            await begun.Task.WaitAsync(Patience);
            await _runs.EndAllAsync(CancellationToken.None).WaitAsync(Patience);
            var unknown = Assert.IsType<ScriptOutcome.Unknown>(await running.WaitAsync(Patience));
            Assert.Matches("^the hub was stopped [0-9.]+ s after the script began, and ended it before it was done; until then it wrote: half\n", unknown.Reason);
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private ScriptCall Call(string text, Dictionary<string, string> environment, params string[] arguments)
    {
        var path = Path.Combine(_folder.FullName, "rollback_docket_rule.sh");
        File.WriteAllText(path, text);
        return new ScriptCall(path, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), arguments, environment, TimeSpan.FromMinutes(5));
    }
}
