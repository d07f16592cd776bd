using System.Text.Json;
using HmsOps.Processes.Scripts;
using HmsOps.Processes.Tests.Support;

namespace HmsOps.Processes.Tests.Scripts;

/// <summary>What a script is given, and what is told of it when it ends by itself.</summary>
public sealed class RunTests : IAsyncLifetime
{
    private readonly ScriptWorld _world = new();

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 3", 3)]
    [InlineData("exit 255", 255)]
    [InlineData("no_such_command_here", 127)]
    [InlineData("kill -TERM $$", 128 + 15)]
    [InlineData("kill -KILL $$", 128 + 9)]
    public async Task The_exit_code_is_the_scripts_own(string text, int code) =>
        Assert.Equal(code, Assert.IsType<RunOutcome.Exited>(await _world.Run(_world.Script(text))).Code);

    [Fact]
    public async Task Both_streams_are_kept_as_they_came_and_made_visible()
    {
        var outcome = await _world.Run(_world.Script("echo one; echo two >&2; printf 'thr\\033[31mee\\r\\n'; printf 'gr\\303\\274n \\377'"));
        Assert.Equal("one\ntwo\nthr\\x1b[31mee\\r\ngrün \\xff", Assert.IsType<RunOutcome.Exited>(outcome).Output);
    }

    [Fact]
    public async Task The_time_it_took_is_that_of_the_machine_not_of_the_calendar()
    {
        var begun = _world.Pipe("begun");
        var go = _world.Pipe("go");
        var running = _world.Run(_world.Script("echo >\"$1\"; read -r x <\"$2\"", begun, go));
        await ScriptWorld.Heard(begun);
        _world.Time.Leap(TimeSpan.FromMinutes(4));
        await ScriptWorld.Say(go, "on");
        Assert.InRange(Assert.IsType<RunOutcome.Exited>(await running).Took, TimeSpan.Zero, ScriptWorld.Patience);
    }

    [Fact]
    public async Task Arguments_arrive_one_by_one_as_they_are()
    {
        string[] arguments = ["a b", "", "$(touch /tmp/no)", "`id`", "; rm -rf x", "*", "--", "-n", "A=B", "it's \"quoted\"", "two\nlines", "naïve ☂"];
        var start = _world.Script("show.py", "import json, sys\nprint(json.dumps(sys.argv[1:]))\n", arguments);
        Assert.Equal(arguments, JsonSerializer.Deserialize<string[]>(Assert.IsType<RunOutcome.Exited>(await _world.Run(start)).Output));
    }

    [Theory]
    [InlineData("plain.sh")]
    [InlineData("with space/it's $HOME `x`; (really) \"so\" & *.sh")]
    [InlineData("-n/--help.sh")]
    public async Task A_script_knows_its_own_place_and_finds_its_siblings(string name)
    {
        var start = _world.Script(name, "printf '%s\\n' \"$OPS_SCRIPT\" \"$PWD\"; cat sibling", []);
        var folder = Path.GetDirectoryName(start.Path);
        File.WriteAllText(Path.Combine(folder!, "sibling"), "found");
        Assert.Equal($"{start.Path}\n{folder}\nfound", Assert.IsType<RunOutcome.Exited>(await _world.Run(start)).Output);
    }

    [Fact]
    public async Task The_environment_is_exactly_the_list_and_what_the_call_gives()
    {
        Environment.SetEnvironmentVariable("HMS_OPS_TEST_SECRET", "of the hub");
        var given = new Dictionary<string, string>(StringComparer.Ordinal) { ["GREETING"] = "a b=c\n$d", ["EMPTY"] = "" };
        var start = _world.Script("tr '\\0' '|' </proc/$$/environ") with { Environment = given };
        var found = Assert.IsType<RunOutcome.Exited>(await _world.Run(start)).Output.Split('|', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            [
                "EMPTY=",
                "GREETING=a b=c\n$d",
                $"HOME={Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)}",
                "LANG=C.UTF-8",
                $"OPS_RUN_ID={_world.Id}",
                $"OPS_SCRIPT={start.Path}",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ],
            found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task There_is_nothing_to_read_and_no_file_of_the_hub_is_open()
    {
        using var ours = new FileStream(_world.PathOf("ours"), FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite);
        var outcome = await _world.Run(_world.Script("cat; for fd in /proc/$$/fd/*; do echo \"${fd##*/} $(readlink \"$fd\")\"; done"));
        var open = Assert.IsType<RunOutcome.Exited>(outcome).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("0 /dev/null", open);
        Assert.Contains(open, file => file.StartsWith("1 pipe:", StringComparison.Ordinal));
        Assert.Contains(open, file => file.StartsWith("2 pipe:", StringComparison.Ordinal));
        Assert.DoesNotContain(open, file => file.EndsWith(ours.Name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_script_is_the_one_that_was_judged_even_if_it_changes_while_it_runs()
    {
        var start = _world.Script("echo 'echo another' >\"$OPS_SCRIPT\"\necho the same\n");
        Assert.Equal("the same\n", Assert.IsType<RunOutcome.Exited>(await _world.Run(start)).Output);
        Assert.Equal("echo another\n", File.ReadAllText(start.Path));
    }

    [Theory]
    [InlineData("by-line", "#!/bin/sh -e\nfalse\necho no", 1, "")]
    [InlineData("by-env", "#! /usr/bin/env  python3\nprint('py')", 0, "py\n")]
    [InlineData("by-name.py", "print('py')", 0, "py\n")]
    [InlineData("line-wins.py", "#!/bin/sh\necho sh", 0, "sh\n")]
    public async Task The_interpreter_is_the_first_lines_or_the_names(string name, string text, int code, string output)
    {
        var exited = Assert.IsType<RunOutcome.Exited>(await _world.Run(_world.Script(name, text, [])));
        Assert.Equal((code, output), (exited.Code, exited.Output));
    }

    [Fact]
    public async Task A_flood_of_output_neither_blocks_nor_kills_the_script_and_is_cut_at_1_MiB()
    {
        var outcome = await _world.Run(_world.Script("head -c 50000000 /dev/zero | tr '\\0' 'x'; echo \"end $?\" >\"$1\"; exit 7", _world.PathOf("after")));
        var exited = Assert.IsType<RunOutcome.Exited>(outcome);
        Assert.Equal(7, exited.Code);
        Assert.Equal("end 0\n", File.ReadAllText(_world.PathOf("after")));
        Assert.Equal(RunFolder.OutputKept, new FileInfo(Path.Combine(_world.Folder.Path, "output")).Length);
        Assert.Equal(4096, exited.Output.Length + 2); // the mark's ellipsis has three bytes
        Assert.EndsWith($"xx\n[… more was written: the first 1 MiB of it is in {_world.Folder.Path}/output]", exited.Output);
    }

    [Fact]
    public async Task What_a_script_leaves_running_is_not_waited_for()
    {
        var exited = Assert.IsType<RunOutcome.Exited>(await _world.Run(_world.Script("sleep 1000 & echo done")));
        Assert.Equal((0, "done\n"), (exited.Code, exited.Output));
        Assert.NotEmpty(_world.Processes);
    }

    [Fact]
    public async Task The_runs_folder_is_its_owners_alone()
    {
        await _world.Run(_world.Script("exit 0"));
        Assert.Equal(RunPreparation.OwnerOnly, new DirectoryInfo(_world.Folder.Path).UnixFileMode);
        Assert.Equal(RunPreparation.OwnerOnly, new DirectoryInfo(_world.Root).UnixFileMode);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _world.CloseAsync();
}
