using HmsOps.Processes.Scripts;
using HmsOps.Processes.Tests.Support;
using HmsOps.Processes.Trees;

namespace HmsOps.Processes.Tests.Scripts;

/// <summary>Once under its id, and the same answer to whoever asks.</summary>
public sealed class OnceTests : IAsyncLifetime
{
    private const string Counting = "echo ran >>\"$1\"; echo >\"$2\"; read -r answer <\"$3\"; echo \"$answer\"";

    private readonly ScriptWorld _world = new();
    private readonly string _begun;
    private readonly string _go;

    public OnceTests()
    {
        _begun = _world.Pipe("begun");
        _go = _world.Pipe("go");
    }

    [Fact]
    public async Task Asked_again_nothing_runs_and_the_answer_is_the_same()
    {
        var start = _world.Script("echo ran >>\"$1\"; echo hello; exit 4", Ran);
        var first = await _world.Run(start);
        Assert.Equal(4, Assert.IsType<RunOutcome.Exited>(first).Code);
        Assert.Equal(first, await _world.Run(start));
        Assert.Equal(first, await _world.Find());
        Assert.Equal(1, TimesRan);
    }

    [Fact]
    public async Task Several_who_run_it_at_once_run_it_once()
    {
        var start = _world.Script("echo ran >>\"$1\"; echo hello", Ran);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _world.Run(start)));
        Assert.IsType<RunOutcome.Exited>(outcomes[0]);
        Assert.All(outcomes, outcome => Assert.Equal(outcomes[0], outcome));
        Assert.Equal(1, TimesRan);
    }

    [Fact]
    public async Task What_nobody_started_never_starts_once_that_was_said()
    {
        Assert.Equal(new RunOutcome.NeverStarted(), await _world.Find());
        Assert.Equal(new RunOutcome.NeverStarted(), await _world.Run(_world.Script("echo ran >>\"$1\"", Ran)));
        Assert.Equal(0, TimesRan);
    }

    [Fact]
    public async Task A_shim_that_comes_after_never_started_was_said_runs_nothing()
    {
        var start = Prepared(_world.Script("echo ran >>\"$1\"", Ran));
        Assert.Equal(new RunOutcome.NeverStarted(), await _world.Find());
        using (var late = Shim.Start(_world.Folder, _world.Folder.Call!, start.Environment))
        {
            await late.WaitForExitAsync();
            Assert.Equal(0, late.ExitCode);
        }
        Assert.Equal(0, TimesRan);
        Assert.Equal(new RunOutcome.NeverStarted(), await _world.Find());
    }

    [Fact]
    public async Task Of_many_shims_one_runs_the_script()
    {
        var start = Prepared(_world.Script("echo ran >>\"$1\"", Ran));
        var call = _world.Folder.Call!;
        var shims = Enumerable.Range(0, 12).Select(_ => Shim.Start(_world.Folder, call, start.Environment)).ToList();
        await Task.WhenAll(shims.Select(shim => shim.WaitForExitAsync()));
        shims.ForEach(shim => shim.Dispose());
        Assert.Equal(1, TimesRan);
        Assert.IsType<RunOutcome.Exited>(await _world.Find());
    }

    [Fact]
    public async Task A_prepared_run_whose_starter_died_is_started_by_the_next_call()
    {
        var start = Prepared(_world.Script("echo ran >>\"$1\"", Ran));
        Assert.IsType<RunOutcome.Exited>(await _world.Run(start));
        Assert.Equal(1, TimesRan);
    }

    [Fact]
    public async Task A_prepared_run_whose_time_is_up_is_not_begun_any_more()
    {
        var start = Prepared(_world.Script("echo ran >>\"$1\"", Ran));
        _world.Time.Leap(start.Timeout);
        Assert.Equal(new RunOutcome.Refused("Its time was up before it began."), await _world.Run(start));
        Assert.Equal(new RunOutcome.NeverStarted(), await _world.Find());
    }

    [Fact]
    public async Task An_id_prepared_for_another_call_breaks_the_contract()
    {
        var start = Prepared(_world.Script("exit 0", "one"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => _world.Run(start with { Arguments = ["two"] }));
    }

    [Fact]
    public async Task The_token_ends_the_waiting_and_the_next_hub_waits_on()
    {
        await _world.Abandon(_world.Script(Counting, Ran, _begun, _go), _begun);
        var found = _world.Find();
        await ScriptWorld.Say(_go, "well");
        Assert.Equal((0, "well\n"), Assert.IsType<RunOutcome.Exited>(await found) is var exited ? (exited.Code, exited.Output) : default);
        Assert.Equal(1, TimesRan);
    }

    [Fact]
    public async Task An_end_while_nobody_waited_is_found_later()
    {
        var ended = _world.Pipe("ended");
        await _world.Abandon(_world.Script(Counting + "; echo >\"$4\"; exit 9", Ran, _begun, _go, ended), _begun);
        await ScriptWorld.Say(_go, "well");
        await ScriptWorld.Heard(ended);
        Assert.Equal(9, Assert.IsType<RunOutcome.Exited>(await _world.Find()).Code);
    }

    [Fact]
    public async Task Killing_the_shim_alone_loses_nothing()
    {
        await _world.Abandon(_world.Script(Counting, Ran, _begun, _go), _begun);
        ProcessTable.Send(Assert.IsType<RunClaim.Started>(_world.Folder.Claim).Shim.Pid, Signal.Kill);
        var found = _world.Find();
        await ScriptWorld.Say(_go, "well");
        Assert.Equal(0, Assert.IsType<RunOutcome.Exited>(await found).Code);
    }

    [Fact]
    public async Task When_all_of_it_is_killed_nobody_knows_and_that_is_said_for_ever()
    {
        var start = _world.Script(Counting, Ran, _begun, _go);
        await _world.Abandon(start, _begun);
        foreach (var pid in _world.Processes)
            ProcessTable.Send(pid, Signal.Kill);
        var unknown = new RunOutcome.Unknown(
            $"{start.Path} was started, but it is gone, and its exit code was not written down. What it wrote is in {_world.Folder.Path}.");
        Assert.Equal(unknown, await _world.Find());
        Assert.Equal(unknown, await _world.Run(start));
        Assert.Equal(1, TimesRan);
    }

    [Fact]
    public async Task After_a_restart_of_the_machine_a_begun_run_is_unknown()
    {
        var start = Prepared(_world.Script("echo ran >>\"$1\"", Ran));
        Assert.True(Claim(new ProcessIdentity("11111111-2222-3333-4444-555555555555", Environment.ProcessId, 1)));
        var unknown = new RunOutcome.Unknown(
            $"{start.Path} was started, but the machine went down while it ran. What it wrote is in {_world.Folder.Path}.");
        Assert.Equal(unknown, await _world.Find());
        Assert.Equal(unknown, await _world.Run(start));
        Assert.Equal(0, TimesRan);
    }

    [Fact]
    public async Task A_stranger_who_has_the_shims_number_now_is_not_it_and_is_left_alone()
    {
        Prepared(_world.Script("exit 0"));
        var self = ProcessTable.Find(Environment.ProcessId)!.Value;
        Assert.True(Claim(new ProcessIdentity(ProcessTable.BootId(), self.Session, self.StartTicks - 1)));
        await _world.NewHub().EndAllAsync(CancellationToken.None);
        Assert.IsType<RunOutcome.Unknown>(await _world.Find());
    }

    [Theory]
    [InlineData("shim 1 2")]
    [InlineData("future 7")]
    [InlineData("shim boot -4 5 6.00")]
    public async Task A_claim_of_another_make_is_refused_by_name(string text)
    {
        Prepared(_world.Script("exit 0"));
        File.CreateSymbolicLink(Path.Combine(_world.Folder.Path, "claim"), text);
        var e = await Assert.ThrowsAsync<InvalidDataException>(_world.Find);
        Assert.StartsWith($"{_world.Folder.Path}/claim says '{text}', which this version did not write", e.Message);
        File.Delete(Path.Combine(_world.Folder.Path, "claim"));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _world.CloseAsync();

    private string Ran => _world.PathOf("ran");

    private int TimesRan => File.Exists(Ran) ? File.ReadAllLines(Ran).Length : 0;

    private ScriptStart Prepared(ScriptStart start)
    {
        Assert.Null(new RunPreparation(_world.Root, _world.Time).Prepare(_world.Folder, start));
        return start;
    }

    private bool Claim(ProcessIdentity shim)
    {
        File.CreateSymbolicLink(Path.Combine(_world.Folder.Path, "claim"), new RunClaim.Started(shim, TimeSpan.FromSeconds(1)).ToString());
        return _world.Folder.Claim is RunClaim.Started;
    }
}
