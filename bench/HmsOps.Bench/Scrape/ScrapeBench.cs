using System.Diagnostics;
using System.Text;
using HmsOps.Observe.Exposition;
using HmsOps.Observe.Scrape;
using HmsOps.Series;
using HmsOps.Workspace.Scraping;

namespace HmsOps.Bench.Scrape;

/// <summary>
/// What a sample of an exposition costs from the body to the batch, with all series known and with all of them new, and what it allocates. The best of
/// many short rounds counts: on a shared machine the others measure the neighbours.
/// </summary>
internal static class ScrapeBench
{
    private const int Series = 2_000;

    public static void Run()
    {
        var target = ScrapeTarget.Of(new ScrapeSet { Job = "bench", Citation = "bench" }, [new("__address__", "127.0.0.1:9100")]).Target
            ?? throw new InvalidOperationException("the address is one");

        var text = new StringBuilder("# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.\n# TYPE node_cpu_seconds_total counter\n");
        for (var i = 0; i < Series; i++)
            text.Append($"node_cpu_seconds_total{{cpu=\"{i / 8}\",mode=\"mode{i % 8}\",datacenter=\"ashburn-1\"}} {i * 977 % 100_000}.{i % 100:00}\n");
        var body = Encoding.UTF8.GetBytes(text.ToString());
        Measure(target, "text", body, ExpositionFormat.Text);
        Measure(target, "OpenMetrics", [.. body, .. "# EOF\n"u8], ExpositionFormat.OpenMetrics);
        Measure(target, "protobuf", Protobuf(), ExpositionFormat.Protobuf);
    }

    private static byte[] Protobuf()
    {
        var family = new List<byte>();
        Add(family, 0x0a, "node_cpu_seconds_total"u8);
        family.AddRange([0x18, 0]);
        for (var i = 0; i < Series; i++)
        {
            var metric = new List<byte>();
            foreach (var (name, value) in new[] { ("cpu", $"{i / 8}"), ("mode", $"mode{i % 8}"), ("datacenter", "ashburn-1") })
            {
                var label = new List<byte>();
                Add(label, 0x0a, Encoding.UTF8.GetBytes(name));
                Add(label, 0x12, Encoding.UTF8.GetBytes(value));
                Add(metric, 0x0a, [.. label]);
            }
            Add(metric, 0x1a, [9, .. BitConverter.GetBytes(i * 977 % 100_000 / 100.0)]);
            Add(family, 0x22, [.. metric]);
        }
        var whole = new byte[Varint.BytesMax];
        return [.. whole[..Varint.Write(whole, (ulong)family.Count)], .. family];
    }

    private static void Add(List<byte> to, byte tag, ReadOnlySpan<byte> block)
    {
        Span<byte> length = stackalloc byte[Varint.BytesMax];
        to.Add(tag);
        to.AddRange(length[..Varint.Write(length, (ulong)block.Length)]);
        to.AddRange(block);
    }

    private static void Measure(ScrapeTarget target, string what, byte[] bytes, ExpositionFormat format)
    {
        var batch = new SampleBatch();
        var memory = new SeriesMemory();
        var round = new ScrapeRound(memory, new FamilyMemory(), new ScrapeLimits());
        var began = Stopwatch.GetTimestamp();
        Round();
        var first = Stopwatch.GetElapsedTime(began);
        foreach (var at in memory.All())
            (memory[at].Identity, memory[at].Key) = ((UInt128)(at + 1), null);
        var best = TimeSpan.MaxValue;
        long allocated = 0;
        for (var i = 0; i < 2_000; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            began = Stopwatch.GetTimestamp();
            Round();
            var took = Stopwatch.GetElapsedTime(began);
            best = took < best ? took : best;
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Console.WriteLine($"{what,-12} {bytes.Length / Series,4} B/sample  known {best.TotalNanoseconds / Series,7:0.0} ns/sample, {(double)allocated / Series:0.00} B/sample allocated; " +
            $"first round, compiling too, {first.TotalNanoseconds / Series:0} ns/sample");

        void Round()
        {
            batch.Clear();
            round.Begin(target, 1_795_190_400_000, batch);
            if (round.Read(bytes, format) is not null || batch.Count != Series)
                throw new InvalidOperationException("a round did not take all that was sent");
            memory.Keep();
        }
    }
}
