using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace HmsOps.Tsdb.Tests.Wal;

/// <summary>A folder that the first version of the log was written to, over three lives, opens for ever, and is simply gone on with.</summary>
public sealed class FirstFormatTests
{
    // What that version itself answered for the folder, at this time, as text.
    private const long AskedAt = 1795194021500;
    private const string Answer = "a151cbcde7f9f9d67131708c6bf41c91d78c9ee424f89651ea05e7dea00d4056";

    private readonly StoreWorld _world = new(options: StoreWorld.Small with { SegmentBytes = 12 * 1024, BatchBytesMax = 4 * 1024 });

    public FirstFormatTests()
    {
        _world.Disk.CreateFolder("metrics");
        foreach (var path in Directory.GetFiles(Path.Combine(Path.GetDirectoryName(Here())!, "first-format")))
            _world.Disk.Put($"metrics/{Path.GetFileName(path)}", File.ReadAllBytes(path));
        _world.Now = DateTimeOffset.FromUnixTimeMilliseconds(AskedAt);
    }

    [Fact]
    public void It_answers_what_it_answered() => Assert.Equal(Answer, Digest(_world.Look(store => store.Dump())));

    [Fact]
    public void It_is_gone_on_with()
    {
        _world.Live(End.Killed, async (store, time) =>
        {
            Assert.True(store.Recovery.IsClean);
            Assert.Equal(0, store.Counts.LostAtReplay);
            Assert.Equal("2 taken", (await store.Append(("up", time.Ms(), 1), ("new", time.Ms(), 2))).Reasons());
            Assert.Equal("1 taken", (await store.Observe(("latency/a", 1, "2-76"))).Reasons()); // known: it came in the last minute
            Assert.Equal("1 taken", (await store.Observe(("latency/b", 3, ""))).Reasons());
            await time.Seconds(20);
        });
        var before = _world.Look(store => store.Dump());
        Assert.Contains($"up {AskedAt} ", before);
        Assert.StartsWith("new ", before[before.IndexOf("new ", StringComparison.Ordinal)..]);
        _world.Live(End.Stopped, (store, _) => Task.CompletedTask);
        Assert.Equal(before, _world.Look(store => store.Dump())); // now from a checkpoint
    }

    private static string Digest(string dump) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dump)));

    private static string Here([CallerFilePath] string path = "") => path;
}
