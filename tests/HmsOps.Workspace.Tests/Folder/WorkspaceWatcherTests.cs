using HmsOps.Simulation.Time;
using HmsOps.Workspace.Folder;

namespace HmsOps.Workspace.Tests.Folder;

public sealed class WorkspaceWatcherTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly VirtualTime _time = VirtualTime.OnFridayAfternoon();
    private readonly List<(double Second, string Paths)> _seen = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_there_is_told_at_once_and_a_change_when_it_is_quiet()
    {
        _folder.Write("alerts/a.yml", "a");
        Watch(
            (1.0, () => _folder.Write("alerts/b.yml", "b")),
            (2.1, () => _folder.Write("alerts/c.yml", "c")), // still coming in when the look at 2 s has seen b
            (7.0, () => File.Delete(_folder.PathOf("alerts/a.yml"))));
        Assert.Equal([(0, "a"), (2.6, "a b c"), (8.3, "b c")], _seen);
    }

    [Fact]
    public void The_same_length_at_another_time_is_a_change_and_no_change_is_none()
    {
        _folder.Write("alerts/a.yml", "a");
        Watch((1.0, () => _folder.Write("alerts/a.yml", "b")), (5.0, () => { }));
        Assert.Equal([(0, "a"), (2.3, "a")], _seen);
    }

    [Fact]
    public void A_folder_that_never_rests_is_read_after_six_seconds()
    {
        _folder.Write("alerts/a.yml", "a");
        Watch([.. Enumerable.Range(10, 85).Select(tenth => (tenth / 10.0 + 0.05, (Action)(() => _folder.Write("alerts/a.yml", "b"))))]);
        Assert.Equal((8, "a"), _seen[1]);
    }

    [Fact]
    public void A_folder_that_vanishes_keeps_what_was_and_is_counted()
    {
        _folder.Write("alerts/a.yml", "a");
        var aside = _folder.Root + "-aside";
        var watcher = Watch((1.0, () => Directory.Move(_folder.Root, aside)), (5.0, () => Directory.Move(aside, _folder.Root)));
        Assert.Equal([(0, "a")], _seen);
        Assert.Equal(2, watcher.FailedTurns);
        Assert.Null(watcher.Trouble);
    }

    [Fact]
    public void What_cannot_be_read_is_told_once()
    {
        _folder.Write("alerts/a.yml", "a");
        _folder.Link("alerts/out.yml", "/etc/hostname");
        Watch();
        Assert.Equal([(0, "a")], _seen);
    }

    /// <summary>Runs the watcher for ten seconds while things happen to the folder.</summary>
    private WorkspaceWatcher Watch(params (double Second, Action Do)[] happenings)
    {
        var start = _time.GetUtcNow();
        var watcher = new WorkspaceWatcher(new WorkspaceFolder(_folder.Root), _time)
        {
            Changed = (snapshot, _) =>
            {
                _seen.Add(((_time.GetUtcNow() - start).TotalSeconds, string.Join(' ', snapshot.Files.Keys.Select(Path.GetFileNameWithoutExtension))));
                return Task.CompletedTask;
            },
        };
        _time.Run(async () =>
        {
            using var stopping = new CancellationTokenSource(TimeSpan.FromSeconds(10), _time);
            var watching = watcher.RunAsync(stopping.Token);
            foreach (var (second, happen) in happenings)
            {
                var wait = start + TimeSpan.FromSeconds(second) - _time.GetUtcNow();
                await Task.Delay(wait, _time, CancellationToken.None);
                happen();
            }
            await watching;
        });
        return watcher;
    }
}
