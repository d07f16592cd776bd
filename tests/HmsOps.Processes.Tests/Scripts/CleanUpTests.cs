using HmsOps.Processes.Scripts;
using HmsOps.Processes.Tests.Support;

namespace HmsOps.Processes.Tests.Scripts;

public sealed class CleanUpTests : IAsyncLifetime
{
    private readonly ScriptWorld _world = new();

    [Fact]
    public async Task Runs_that_ended_a_week_ago_are_removed_and_younger_ones_kept()
    {
        await _world.Run(_world.Script("exit 0"));
        await _world.NewHub().FindAsync(new RunId("withdrawn"), CancellationToken.None);

        _world.Time.Leap(TimeSpan.FromDays(7) - TimeSpan.FromMinutes(1));
        Assert.Equal(0, _world.Runs.CleanUp());
        Assert.Equal(2, Directory.GetDirectories(_world.Root).Length);

        _world.Time.Leap(TimeSpan.FromMinutes(2));
        Assert.Equal(2, _world.Runs.CleanUp());
        Assert.Empty(Directory.GetFileSystemEntries(_world.Root));
    }

    [Fact]
    public async Task A_run_that_still_lives_is_kept()
    {
        var begun = _world.Pipe("begun");
        await _world.Abandon(_world.Script("echo >\"$1\"; while :; do sleep 0.01; done", begun), begun);
        _world.Time.Leap(TimeSpan.FromDays(8));
        Assert.Equal(0, _world.Runs.CleanUp());
        Assert.True(_world.Folder.Exists);
    }

    [Fact]
    public async Task What_a_crash_left_half_made_goes_with_the_old_and_what_was_taken_away_at_once()
    {
        Directory.CreateDirectory(Path.Combine(_world.Root, ".new-x-1-1"));
        Directory.CreateDirectory(Path.Combine(_world.Root, ".old-y-1-1"));
        Assert.Equal(1, _world.Runs.CleanUp());
        Assert.True(Directory.Exists(Path.Combine(_world.Root, ".new-x-1-1")));
        _world.Time.Leap(TimeSpan.FromDays(8));
        Assert.Equal(0, _world.Runs.CleanUp());
        Assert.Empty(Directory.GetFileSystemEntries(_world.Root));
        Assert.IsType<RunOutcome.Exited>(await _world.Run(_world.Script("exit 0")));
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _world.CloseAsync();
}
