namespace HmsOps.Processes.Tests;

public sealed class NicenessTests
{
    private const int NicenessField = 18; // of /proc/…/stat, counted from 0

    [Fact]
    public void A_thread_yields_and_the_others_do_not()
    {
        var (before, after) = (0, 0);
        var thread = new Thread(() =>
        {
            before = OfThisThread();
            Niceness.OfThisThread(before + 5);
            after = OfThisThread();
        });
        thread.Start();
        thread.Join();

        Assert.Equal((before + 5, before), (after, OfThisThread()));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(20)]
    public void There_are_twenty_steps(int niceness) => Assert.Throws<ArgumentOutOfRangeException>(() => Niceness.OfThisThread(niceness));

    private static int OfThisThread()
    {
        var stat = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[NicenessField - 2]);
    }
}
