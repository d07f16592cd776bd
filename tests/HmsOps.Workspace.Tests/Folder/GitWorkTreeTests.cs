using System.Diagnostics;
using HmsOps.Workspace.Folder;

namespace HmsOps.Workspace.Tests.Folder;

/// <summary>Against the real git, in repositories of the tests' own.</summary>
public sealed class GitWorkTreeTests : IDisposable
{
    /// <summary>A clock that stands: however slow the machine, git gets its time.</summary>
    private static readonly TimeProvider StoppedTime = new ClockThat(isUp: false);

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task A_clean_checkout_has_commit_author_time_and_subject()
    {
        Commit("Alerts earlier");

        var facts = await FactsAsync();

        Assert.NotNull(facts);
        Assert.Equal(Git("rev-parse", "HEAD").Trim(), facts.Commit);
        Assert.Equal(
            ("Ada Clerk <ada@opm.gov>", new DateTimeOffset(2026, 11, 20, 15, 59, 0, TimeSpan.FromHours(-5)), "Alerts earlier", false),
            (facts.Author, facts.CommittedAt, facts.Subject, facts.Dirty));
    }

    [Theory]
    [InlineData("alerts/a.yml", true)] // changed
    [InlineData("alerts/ä new.yml", true)] // not added yet
    [InlineData("notes.txt", false)] // no part of a workspace
    [InlineData(".data/run.sh", false)]
    public async Task A_file_of_the_workspace_that_differs_makes_it_dirty_and_its_author_unknown(string path, bool dirty)
    {
        Commit("Alerts earlier");
        _folder.Write(path, "metric: other\n");

        var facts = await FactsAsync();

        Assert.Equal((dirty, dirty), (facts?.Dirty, facts?.Author is null));
    }

    [Fact]
    public async Task A_deleted_file_makes_it_dirty()
    {
        Commit("Alerts earlier");
        File.Delete(_folder.PathOf("alerts/a.yml"));

        Assert.True((await FactsAsync())?.Dirty);
    }

    [Fact]
    public async Task A_workspace_inside_a_larger_repository_looks_at_its_own_files_only()
    {
        _folder.Write("court/alerts/b.yml", "metric: b\n");
        Commit("Alerts earlier");
        _folder.Write("alerts/a.yml", "metric: other\n");

        Assert.False((await FactsAsync("court"))?.Dirty);
        _folder.Write("court/alerts/b.yml", "metric: other\n");
        Assert.True((await FactsAsync("court"))?.Dirty);
    }

    [Fact]
    public async Task Without_a_repository_or_a_commit_there_are_no_facts()
    {
        Assert.Null(await FactsAsync());
        Git("init", "--quiet");
        Assert.Null(await FactsAsync());
        Assert.Null(await FactsAsync("not-there"));
    }

    [Fact]
    public async Task A_program_the_repository_names_is_not_run()
    {
        Commit("Alerts earlier");
        var spied = _folder.PathOf("spied.txt");
        Git("config", "core.fsmonitor", $"touch '{spied}' #");
        Git("status");
        Assert.True(File.Exists(spied), "git itself runs it");
        File.Delete(spied);

        Assert.NotNull(await FactsAsync());

        Assert.False(File.Exists(spied));
    }

    [Fact]
    public async Task A_stop_ends_the_question()
    {
        Commit("Alerts earlier");
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new GitWorkTree(_folder.Root, StoppedTime).CommitAsync(stopped.Token));
    }

    [Fact]
    public async Task When_the_time_is_up_there_are_no_facts()
    {
        Commit("Alerts earlier");

        Assert.Null(await new GitWorkTree(_folder.Root, new ClockThat(isUp: true)).CommitAsync(CancellationToken.None));
    }

    public void Dispose() => _folder.Dispose();

    private Task<Record.Events.ConfigCommit?> FactsAsync(string below = ".") =>
        new GitWorkTree(_folder.PathOf(below), StoppedTime).CommitAsync(CancellationToken.None);

    private void Commit(string subject)
    {
        Git("init", "--quiet");
        _folder.Write("alerts/a.yml", "metric: a\n");
        Git("add", "--all");
        Git("commit", "--quiet", "--message", subject);
    }

    private string Git(params string[] arguments)
    {
        var start = new ProcessStartInfo("git", arguments)
        {
            WorkingDirectory = _folder.Root,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            Environment =
            {
                ["GIT_CONFIG_GLOBAL"] = "/dev/null",
                ["GIT_CONFIG_SYSTEM"] = "/dev/null",
                ["GIT_AUTHOR_NAME"] = "Ada Clerk",
                ["GIT_AUTHOR_EMAIL"] = "ada@opm.gov",
                ["GIT_COMMITTER_NAME"] = "Ada Clerk",
                ["GIT_COMMITTER_EMAIL"] = "ada@opm.gov",
                ["GIT_COMMITTER_DATE"] = "2026-11-20T15:59:00-05:00",
            },
        };
        using var git = Process.Start(start)!; // not by the shell: a new process always
        var said = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        Assert.True(git.ExitCode == 0, $"git {string.Join(' ', arguments)} ended with {git.ExitCode}");
        return said;
    }

    /// <summary>Whose timers never fire, or have fired when they are made.</summary>
    private sealed class ClockThat(bool isUp) : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (isUp)
                callback(state);
            return new Unarmed();
        }
    }

    private sealed class Unarmed : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
