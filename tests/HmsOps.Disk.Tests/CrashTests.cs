using HmsOps.Simulation.Disk;
using static HmsOps.Disk.Tests.LogFixture;

namespace HmsOps.Disk.Tests;

public sealed class CrashTests
{
    private const int Seeds = 1000;

    // Flushes that fail now and then, in both manners of file systems.
    private static readonly DiskFaults[] Worlds =
    [
        new(),
        new() { FlushFails = 0.05, AfterFailedFlush = AfterFailedFlush.CacheIsNew },
        new() { FlushFails = 0.05, AfterFailedFlush = AfterFailedFlush.CacheIsOld },
        new() { WriteFails = 0.02, FlushFails = 0.02, WritesBack = 0.5 },
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_acknowledged_frame_is_back_and_none_is_invented(bool strict)
    {
        var acknowledged = 0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var run = new CrashRun(seed, strict ? Strict : Tolerant, Worlds[seed % Worlds.Length]);
            run.Run();
            acknowledged += run.Acknowledged;
        }
        Assert.True(acknowledged > Seeds * 10, $"only {acknowledged} frames were acknowledged: the runs are too short to show anything");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_run_may_be_cut_at_every_single_operation(bool strict)
    {
        var options = strict ? Strict : Tolerant;
        var whole = new CrashRun(1, options, DiskFaults.None);
        whole.RunOnce(long.MaxValue, power: false);
        Assert.True(whole.Disk.Operations > 40);

        for (var cut = 1; cut <= whole.Disk.Operations; cut++)
        {
            for (var dice = 0; dice < 6; dice++)
                new CrashRun(1 + (dice << 8), options, DiskFaults.None).RunOnce(cut, power: dice > 0);
        }
    }

    [Fact]
    public void The_same_seed_takes_the_same_steps()
    {
        var (one, two) = (new CrashRun(42, Tolerant, Worlds[3]), new CrashRun(42, Tolerant, Worlds[3]));
        one.Run();
        two.Run();

        Assert.Equal(one.Disk.Operations, two.Disk.Operations);
        Assert.Equal(one.Disk.Paths, two.Disk.Paths);
        Assert.All(one.Disk.Paths, path => Assert.Equal(one.Disk.Content(path), two.Disk.Content(path)));
    }
}
