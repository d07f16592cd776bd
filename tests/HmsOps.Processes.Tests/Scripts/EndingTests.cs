using HmsOps.Processes.Scripts;
using HmsOps.Processes.Tests.Support;
using HmsOps.Processes.Trees;

namespace HmsOps.Processes.Tests.Scripts;

/// <summary>Scripts that do not end by themselves: their time is up, or the hub stops.</summary>
public sealed class EndingTests : IAsyncLifetime
{
    private readonly ScriptWorld _world = new();
    private readonly string _begun;
    private readonly string _heardTerm;

    public EndingTests()
    {
        _begun = _world.Pipe("begun");
        _heardTerm = _world.Pipe("heard-term");
    }

    [Fact]
    public async Task A_script_whose_time_is_up_is_asked_to_end_and_keeps_what_it_wrote()
    {
        var running = _world.Run(_world.Script("trap 'echo bye; exit 0' TERM; echo hello; echo >\"$1\"; while :; do sleep 0.01; done", _begun));
        await ScriptWorld.Heard(_begun);
        _world.Time.Leap(TimeSpan.FromMinutes(5));
        var timedOut = Assert.IsType<RunOutcome.TimedOut>(await running);
        Assert.Matches("^hello\n(Terminated\n)?bye\n$", timedOut.Output); // dash says so when TERM ends its sleep
        Assert.Equal(timedOut, await _world.Find());
        Assert.Empty(_world.Processes);
    }

    [Fact]
    public async Task A_script_that_ignores_TERM_and_forks_is_ended_with_all_it_started()
    {
        // Twenty that ignore TERM, and one that forks and exits, forks and exits: whoever kills one by one comes always late.
        var script = _world.Script(
            """
            hop() { hop & }
            trap '' TERM
            i=0
            while [ $i -lt 20 ]; do sleep 1000 & i=$((i+1)); done
            echo hello
            trap 'echo >"$2"' TERM
            ( trap '' TERM; hop )
            echo >"$1"
            while :; do sleep 0.01; done
            """,
            _begun, _heardTerm);
        var running = _world.Run(script);
        await ScriptWorld.Heard(_begun);
        _world.Time.Leap(script.Timeout);
        await ScriptWorld.Heard(_heardTerm);
        Assert.True(_world.Processes.Count > 20);
        _world.Time.Leap(SessionTree.Grace);
        Assert.StartsWith("hello\n", Assert.IsType<RunOutcome.TimedOut>(await running).Output);
        Assert.Empty(_world.Processes);
    }

    [Fact]
    public async Task A_daemon_that_made_its_own_session_has_left_the_run()
    {
        var daemon = _world.Pipe("daemon");
        var script = _world.Script("setsid sh -c 'echo $$ >\"$0\"; exec sleep 1000' \"$2\" >/dev/null 2>&1 & echo >\"$1\"; while :; do sleep 0.01; done", _begun, daemon);
        var running = _world.Run(script);
        var pid = int.Parse(await ScriptWorld.Heard(daemon));
        await ScriptWorld.Heard(_begun);
        _world.Time.Leap(script.Timeout);
        Assert.IsType<RunOutcome.TimedOut>(await running);
        Assert.Equal([pid], _world.Processes);
        ProcessTable.Send(pid, Signal.Kill);
    }

    [Fact]
    public async Task The_next_hub_holds_a_script_to_its_original_deadline()
    {
        var script = _world.Script("echo >\"$1\"; while :; do sleep 0.01; done", _begun);
        await _world.Abandon(script, _begun);
        _world.Time.Leap(script.Timeout);
        Assert.IsType<RunOutcome.TimedOut>(await _world.Find());
        Assert.Empty(_world.Processes);
    }

    [Fact]
    public async Task An_ending_that_was_written_down_and_not_done_is_done_by_the_next_hub()
    {
        await _world.Abandon(_world.Script("echo >\"$1\"; while :; do sleep 0.01; done", _begun), _begun);
        Assert.True(_world.Folder.TryEnd(RunEndKind.TimedOut));
        Assert.IsType<RunOutcome.TimedOut>(await _world.Find());
        Assert.Empty(_world.Processes);
    }

    [Fact]
    public async Task A_script_that_ended_first_is_not_timed_out()
    {
        var script = _world.Script("exit 5");
        var exited = await _world.Run(script);
        _world.Time.Leap(script.Timeout);
        Assert.False(_world.Folder.TryEnd(RunEndKind.TimedOut));
        Assert.Equal(exited, await _world.Find());
    }

    [Fact]
    public async Task The_orderly_stop_ends_what_runs_and_lets_nothing_begin()
    {
        var script = _world.Script("trap 'echo bye; exit 0' TERM; echo >\"$1\"; while :; do sleep 0.01; done", _begun);
        var running = _world.Run(script);
        await ScriptWorld.Heard(_begun);
        await _world.Runs.EndAllAsync(CancellationToken.None).WaitAsync(ScriptWorld.Patience);
        Assert.Empty(_world.Processes);
        var stopped = Assert.IsType<RunOutcome.Stopped>(await running);
        Assert.EndsWith("bye\n", stopped.Output);
        Assert.Equal(stopped, await _world.Find());

        var another = await _world.Runs.RunAsync(new RunId("another"), script, CancellationToken.None);
        Assert.Equal(new RunOutcome.Refused("The hub is stopping: nothing is started any more."), another);
        Assert.Equal(new RunOutcome.NeverStarted(), await _world.NewHub().FindAsync(new RunId("another"), CancellationToken.None));
    }

    [Fact]
    public async Task The_orderly_stop_ends_what_nobody_waits_for_too()
    {
        await _world.Abandon(_world.Script("echo >\"$1\"; while :; do sleep 0.01; done", _begun), _begun);
        await _world.NewHub().EndAllAsync(CancellationToken.None).WaitAsync(ScriptWorld.Patience);
        Assert.Empty(_world.Processes);
        Assert.IsType<RunOutcome.Stopped>(await _world.Find());
    }

    [Fact]
    public async Task The_orderly_stop_leaves_what_has_ended_as_it_was()
    {
        var exited = await _world.Run(_world.Script("exit 2"));
        await _world.Runs.EndAllAsync(CancellationToken.None);
        Assert.Equal(exited, await _world.Find());
    }

    [Fact]
    public async Task The_orderly_stop_passes_over_what_is_not_ours_and_names_what_it_cannot_read()
    {
        await _world.Abandon(_world.Script("echo >\"$1\"; while :; do sleep 0.01; done", _begun), _begun);
        Directory.CreateDirectory(Path.Combine(_world.Root, "lost+found"));
        var strange = Directory.CreateDirectory(Path.Combine(_world.Root, "0-strange")).FullName;
        File.CreateSymbolicLink(Path.Combine(strange, "claim"), "written by a newer hub");

        var told = await Assert.ThrowsAsync<InvalidDataException>(() => _world.NewHub().EndAllAsync(CancellationToken.None).WaitAsync(ScriptWorld.Patience));

        Assert.Contains("0-strange", told.Message);
        Assert.Empty(_world.Processes);
        Assert.IsType<RunOutcome.Stopped>(await _world.Find());
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _world.CloseAsync();
}
