using FsCheck.Fluent;
using HmsOps.Processes.Scripts;
using HmsOps.Processes.Tests.Support;
using HmsOps.Processes.Trees;

namespace HmsOps.Processes.Tests.Scripts;

/// <summary>The folder of a run as format 1 has it; docs/formats/script-run.md.</summary>
public sealed class FormatTests : IAsyncLifetime
{
    private readonly ScriptWorld _world = new();

    [Fact]
    public async Task A_folder_of_format_1_opens_for_ever()
    {
        Directory.CreateDirectory(_world.Folder.Path);
        Write(
            "call",
            """
            {
              "format": "hms-ops script run 1",
              "path": "/srv/workspace/policies/rollback_docket_rule.sh",
              "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
              "interpreter": [
                "/bin/sh"
              ],
              "arguments": [
                "DOCKET_RULE"
              ],
              "timeout": "00:05:00",
              "deadline": "2026-11-20T16:12:00+00:00"
            }
            """);
        Write("output", "rule 7 disabled\n");
        Link("claim", "shim 3f0e7c52-8f3e-4b52-9d5a-1f0f3c6b7a11 4711 815042 8150.43");
        Link("end", "exit 0 8152.93");
        Link("drained", "whole");
        Assert.Equal(new RunOutcome.Exited(0, "rule 7 disabled\n", TimeSpan.FromSeconds(2.5)), await _world.Find());

        File.Delete(Path.Combine(_world.Folder.Path, "end"));
        Link("end", "timed-out 8450.43");
        Assert.Equal(new RunOutcome.TimedOut("rule 7 disabled\n", TimeSpan.FromMinutes(5)), await _world.Find());

        File.Delete(Path.Combine(_world.Folder.Path, "end"));
        Link("end", "stopped 8160.43");
        Assert.Equal(new RunOutcome.Stopped("rule 7 disabled\n", TimeSpan.FromSeconds(10)), await _world.Find());
    }

    [Fact]
    public async Task A_call_of_a_newer_format_is_refused_by_name()
    {
        Directory.CreateDirectory(_world.Folder.Path);
        Write("call", """{"format":"hms-ops script run 2","path":"/x","sha256":"","interpreter":["/bin/sh"],"arguments":[],"timeout":"00:05:00","deadline":"2026-11-20T16:12:00+00:00"}""");
        var e = await Assert.ThrowsAsync<InvalidDataException>(_world.Find);
        Assert.StartsWith($"{_world.Folder.Path}/call says 'hms-ops script run 2', which this version did not write", e.Message);
    }

    [Fact]
    public async Task A_call_cut_off_anywhere_is_refused()
    {
        Assert.Null(new RunPreparation(_world.Root, _world.Time).Prepare(_world.Folder, _world.Script("exit 0")));
        var file = Path.Combine(_world.Folder.Path, "call");
        var whole = File.ReadAllBytes(file);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(file, whole[..length]);
            await Assert.ThrowsAsync<InvalidDataException>(_world.Find);
        }
        Assert.Null(_world.Folder.Claim);
    }

    [Fact]
    public void Claims_and_ends_read_back_as_written()
    {
        var hundredths = Gen.Choose(0, int.MaxValue).Select(n => TimeSpan.FromMilliseconds(n * 10L));
        var claims =
            from pid in Gen.Choose(1, int.MaxValue)
            from ticks in Gen.Choose(0, int.MaxValue)
            from at in hundredths
            select new RunClaim.Started(new ProcessIdentity("3f0e7c52-8f3e-4b52-9d5a-1f0f3c6b7a11", pid, ticks * 3L), at);
        Prop.ForAll(claims.ToArbitrary(), claim => RunClaim.Parse(claim.ToString()) == claim).Holds();

        var ends =
            from kind in Gen.Elements(RunEndKind.Exited, RunEndKind.TimedOut, RunEndKind.Stopped)
            from code in Gen.Choose(0, 255)
            from at in hundredths
            select new RunEnd(kind, kind == RunEndKind.Exited ? code : 0, at);
        Prop.ForAll(ends.ToArbitrary(), end => RunEnd.Parse(end.ToString()) == end).Holds();
    }

    [Theory]
    [InlineData("")]
    [InlineData("exit")]
    [InlineData("exit 0")]
    [InlineData("exit -1 2.00")]
    [InlineData("exit 0 2.00 3")]
    [InlineData("exit 0 -2.00")]
    [InlineData("exit 0 99999999999999999999")]
    [InlineData("timed-out")]
    [InlineData("timed-out 1e3")]
    public void What_is_no_end_is_none(string text) => Assert.Null(RunEnd.Parse(text));

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _world.CloseAsync();

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_world.Folder.Path, name), text);

    private void Link(string name, string text) => File.CreateSymbolicLink(Path.Combine(_world.Folder.Path, name), text);
}
