using HmsOps.Processes.Scripts;
using HmsOps.Processes.Tests.Support;

namespace HmsOps.Processes.Tests.Scripts;

/// <summary>What is not run, and what is said then.</summary>
public sealed class RefusalTests : IAsyncLifetime
{
    private readonly ScriptWorld _world = new();

    [Fact]
    public async Task A_missing_script_is_refused()
    {
        var start = _world.Script("exit 0");
        File.Delete(start.Path);
        Assert.Equal($"{start.Path} is not there: put the script back, or name another.", await Refusal(start));
    }

    [Fact]
    public async Task A_changed_script_is_refused()
    {
        var start = _world.Script("exit 0");
        var now = _world.Script("exit 1");
        Assert.Equal(
            $"{start.Path} was changed since it was decided to run it (sha256 {start.Sha256} then, {now.Sha256} now): look at it, and decide anew.",
            await Refusal(start));
    }

    [Theory]
    [InlineData("tool", "exit 0", "does not say which program reads it: begin it with a line such as #!/bin/sh, or name it .sh or .py.")]
    [InlineData("a.sh", "#!/no/such/shell\n", "asks for /no/such/shell, which is not on this machine: install it, or name another in its first line.")]
    [InlineData("a.sh", "#!/bin/sh\r\nexit 0\r\n", ": the first line ends in a carriage return, as Windows writes it: save the file with Unix line ends.")]
    [InlineData("a.sh", "#!python3\n", ": the first line names no program by an absolute path: begin it with #!/bin/sh or the like.")]
    [InlineData("a.sh", "#!\n", ": the first line names no program by an absolute path: begin it with #!/bin/sh or the like.")]
    [InlineData("a.sh", "#!/a=b/sh\n", ": the first line names no program by an absolute path: begin it with #!/bin/sh or the like.")]
    public async Task A_script_nobody_can_read_is_refused(string name, string text, string message) =>
        Assert.EndsWith(message, await Refusal(_world.Script(name, text, [])));

    [Fact]
    public async Task A_script_beyond_1_MiB_is_refused_and_one_of_1_MiB_is_not()
    {
        var padding = new string('#', (1 << 20) - "exit 0\n".Length);
        Assert.IsType<RunOutcome.Exited>(await _world.Run(_world.Script("exit 0\n" + padding)));
        var tooLong = _world.Script("exit 0\n" + padding + "#");
        var refused = await _world.Runs.RunAsync(new RunId("other"), tooLong, CancellationToken.None);
        Assert.Equal(new RunOutcome.Refused($"{tooLong.Path} has 1048577 bytes; a script has at most 1048576."), refused);
    }

    [Theory]
    [InlineData("PATH", "x", "The call sets the variable PATH, which is not the call's to set: give it another name.")]
    [InlineData("OPS_RUN_ID", "x", "The call sets the variable OPS_RUN_ID, which is not the call's to set: give it another name.")]
    [InlineData("PWD", "x", "The call sets the variable PWD, which is not the call's to set: give it another name.")]
    [InlineData("a.b", "x", "The call sets a variable named 'a.b': names are letters, digits and '_', not a digit first.")]
    [InlineData("A\n", "x", "The call sets a variable named 'A\n': names are letters, digits and '_', not a digit first.")]
    [InlineData("A", "x\0y", "The call's variable A holds a NUL character, which no program can be given.")]
    public async Task A_variable_that_would_not_arrive_is_refused(string name, string value, string message)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal) { [name] = value };
        Assert.Equal(message, await Refusal(_world.Script("exit 0") with { Environment = given }));
    }

    [Fact]
    public async Task An_argument_that_would_be_cut_is_refused() =>
        Assert.Equal("An argument holds a NUL character, which no program can be given.", await Refusal(_world.Script("exit 0", "a\0b")));

    [Fact]
    public async Task After_a_refusal_nothing_was_started()
    {
        await Refusal(_world.Script("exit 0", "a\0b"));
        Assert.Equal(new RunOutcome.NeverStarted(), await _world.Find());
    }

    [Fact]
    public async Task A_folder_that_is_gone_when_the_script_begins_is_said()
    {
        var start = _world.Script("gone/script.sh", "exit 0", []);
        Assert.Null(new RunPreparation(_world.Root, _world.Time).Prepare(_world.Folder, start));
        Directory.Delete(Path.GetDirectoryName(start.Path)!, recursive: true);
        Assert.StartsWith($"{start.Path} could not be started: ", Assert.IsType<RunOutcome.Refused>(await _world.Run(start)).Reason);
        Assert.Equal(new RunOutcome.NeverStarted(), await _world.Find());
    }

    [Fact]
    public async Task A_shim_that_cannot_begin_is_said_in_its_own_words()
    {
        var start = _world.Script("exit 0");
        Assert.Null(new RunPreparation(_world.Root, _world.Time).Prepare(_world.Folder, start));
        File.WriteAllText(_world.Folder.ShimFile, "echo no room left >>\"$1/shim.log\"; exit 1");
        Assert.Equal(
            new RunOutcome.Refused($"{start.Path} could not be started: no room left (see {_world.Folder.Path}). Nothing of it ran."), await _world.Run(start));
        Assert.Equal(new RunOutcome.NeverStarted(), await _world.Find());
    }

    [Theory]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("a\n")]
    public void A_run_id_that_is_no_folders_name_is_refused(string value) => Assert.Throws<ArgumentException>(() => new RunId(value));

    [Theory]
    [InlineData(0)]
    [InlineData(3601)]
    public async Task A_time_of_none_or_beyond_an_hour_breaks_the_contract(int seconds) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _world.Run(_world.Script("exit 0") with { Timeout = TimeSpan.FromSeconds(seconds) }));

    [Fact]
    public async Task A_relative_path_breaks_the_contract() =>
        await Assert.ThrowsAsync<ArgumentException>(() => _world.Run(_world.Script("exit 0") with { Path = "script.sh" }));

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _world.CloseAsync();

    private async Task<string> Refusal(ScriptStart start) => Assert.IsType<RunOutcome.Refused>(await _world.Run(start)).Reason;
}
