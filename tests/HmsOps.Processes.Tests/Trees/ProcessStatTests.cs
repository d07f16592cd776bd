using System.Globalization;
using FsCheck.Fluent;
using HmsOps.Processes.Trees;

namespace HmsOps.Processes.Tests.Trees;

public sealed class ProcessStatTests
{
    private const string Rest = "1 4710 4709 0 -1 4194304 126 0 0 0 0 0 0 0 20 0 3 0 815042 2523136 220 18446744073709551615";

    [Theory]
    [InlineData("sh")]
    [InlineData("a b")]
    [InlineData(") Z 1 2 3 (")]
    [InlineData("((")]
    [InlineData("")]
    [InlineData("two\nlines) R")]
    public void The_name_may_hold_anything(string name)
    {
        Assert.True(ProcessStat.TryParse($"4711 ({name}) S {Rest}\n", out var stat));
        Assert.Equal(new ProcessStat(4711, 'S', 4709, 3, 815042), stat);
    }

    [Fact]
    public void A_line_cut_off_before_the_start_is_none_and_whole_any_numbers_read_back()
    {
        var stats =
            from pid in Gen.Choose(1, 4194304)
            from session in Gen.Choose(0, 4194304)
            from threads in Gen.Choose(1, 1000)
            from ticks in Gen.Choose(0, int.MaxValue)
            from state in Gen.Elements('R', 'S', 'D', 'T', 'Z')
            select new ProcessStat(pid, state, session, threads, ticks);
        Prop.ForAll(stats.ToArbitrary(), stat =>
        {
            var line = string.Create(
                CultureInfo.InvariantCulture,
                $"{stat.Pid} (x) {stat.State} 1 1 {stat.Session} 0 -1 0 0 0 0 0 0 0 0 0 20 0 {stat.Threads} 0 {stat.StartTicks} 7");
            return ProcessStat.TryParse(line, out var read) && read == stat
                && !ProcessStat.TryParse(line.AsSpan(0, line.LastIndexOf(" 0 ", StringComparison.Ordinal)), out _);
        }).Holds();
    }

    [Theory]
    [InlineData('R', 1, false)]
    [InlineData('T', 1, false)]
    [InlineData('Z', 1, true)]
    [InlineData('Z', 2, false)] // its first thread has left, others work on
    [InlineData('X', 1, true)]
    public void Who_is_dead(char state, int threads, bool isDead) => Assert.Equal(isDead, new ProcessStat(1, state, 1, threads, 1).IsDead);

    [Fact]
    public void This_very_process_is_found_and_is_the_same_at_every_look()
    {
        var self = ProcessTable.Find(Environment.ProcessId);
        Assert.NotNull(self);
        Assert.False(self.Value.IsDead);
        Assert.Equal(self.Value.StartTicks, ProcessTable.All().Single(process => process.Pid == Environment.ProcessId).StartTicks);
        Assert.Null(ProcessTable.Find(int.MaxValue));
    }
}
