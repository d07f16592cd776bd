using System.Buffers;
using System.Diagnostics;
using HmsOps.Disk;
using HmsOps.Ledger;
using HmsOps.LedgerVerifier;
using HmsOps.Record;
using HmsOps.Record.Events;

namespace HmsOps.Bench.Ledgers;

/// <summary>
/// What durable costs: entries and envelopes of 1 to 1,024 writers beside a bare flush of the same disk in the same run; then a long ledger's proofs, its
/// start and its verification.
/// </summary>
internal static class LedgerBench
{
    private static readonly int[] Writers = [1, 16, 256, 1_024];

    /// <summary>Arguments: seconds a figure, 5 when left out; entries of the long ledger, a million.</summary>
    public static async Task RunAsync(string[] args)
    {
        var span = TimeSpan.FromSeconds(args.Length > 0 ? int.Parse(args[0]) : 5);
        var entries = args.Length > 1 ? int.Parse(args[1]) : 1_000_000;
        var folder = Directory.CreateTempSubdirectory("hms-ledger-").FullName;
        try
        {
            Took bare = BareFlush(folder, span);
            Console.WriteLine($"  {"bare flush of 4 KiB",-34} {bare}");
            foreach (var writers in Writers)
            {
                using var log = Open(Path.Combine(folder, $"entries-{writers}"), static _ => { });
                var made = new MadeUp();
                await WriteAsync($"{writers} writers of entries", log, span, writers, async () => await log.AppendAsync(made, CancellationToken.None));
            }
            foreach (var writers in Writers)
            {
                var journal = Journal.Open(replay => Open(Path.Combine(folder, $"envelopes-{writers}"), replay), new CountedIds());
                using var log = journal.Log;
                await WriteAsync($"{writers} writers of envelopes", log, span, writers, async () => await journal.WriteAsync(new EventDraft(MadeUp.Event, "system:decide"), CancellationToken.None));
            }
            bare = BareFlush(folder, span);
            Console.WriteLine($"  {"bare flush again",-34} {bare}");
            await LongAsync(Path.Combine(folder, "long"), entries);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task WriteAsync(string what, MerkleLog log, TimeSpan span, int writers, Func<Task> write)
    {
        using var stopping = new CancellationTokenSource();
        var running = Task.Run(() => log.RunAsync(stopping.Token));
        var began = Stopwatch.GetTimestamp();
        var took = await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            var mine = new List<long>();
            while (Stopwatch.GetElapsedTime(began) < span)
            {
                var at = Stopwatch.GetTimestamp();
                await write();
                mine.Add(Stopwatch.GetTimestamp() - at);
            }
            return mine;
        })));
        Console.WriteLine($"  {what,-34} {new Took([.. took.SelectMany(mine => mine)], Stopwatch.GetElapsedTime(began))}");
        stopping.Cancel();
        await running;
    }

    private static async Task LongAsync(string folder, int entries)
    {
        using (var log = Open(folder, static _ => { }))
        {
            using var stopping = new CancellationTokenSource();
            var running = Task.Run(() => log.RunAsync(stopping.Token));
            var began = Stopwatch.GetTimestamp();
            IEntryDraft[] together = [.. Enumerable.Repeat(new MadeUp(), 4_096)];
            for (var left = entries; left > 0; left -= together.Length)
                await log.AppendAllAsync(left >= together.Length ? together : together[..left], CancellationToken.None);
            Say("entered one after the other", entries, began);
            var random = new Random(1);
            var proofs = new List<long>();
            for (var i = 0; i < 10_000; i++)
            {
                var at = Stopwatch.GetTimestamp();
                log.ProveInclusion(random.NextInt64(log.Size), log.Size);
                proofs.Add(Stopwatch.GetTimestamp() - at);
            }
            Console.WriteLine($"  {$"inclusion in {entries:N0}",-34} {new Took(proofs, TimeSpan.FromTicks(proofs.Sum()))}");
            stopping.Cancel();
            await running;
        }
        for (var i = 0; i < 2; i++)
        {
            var (began, replayed) = (Stopwatch.GetTimestamp(), 0L);
            using var log = Open(folder, _ => replayed++);
            Say($"opened and replayed, {log.State}", replayed, began);
        }
        var verifying = Stopwatch.GetTimestamp();
        var report = Verifier.VerifyFolder(folder, TimeProvider.System);
        Say($"verified, {report.Word}", report.Entries, verifying);
        var bytes = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
        Console.WriteLine($"  {"bytes an entry on the disk",-34} {(double)bytes / entries,10:N1}; the entry itself has {MadeUp.Bytes.Length}");
    }

    private static Took BareFlush(string folder, TimeSpan span)
    {
        const int page = 4_096, size = 16 << 20;
        var (disk, path) = (new RealDisk(), Path.Combine(folder, "bare"));
        var bytes = new byte[page];
        Array.Fill(bytes, (byte)'x');
        var took = new List<long>();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < span)
        {
            using (var file = disk.Create(path, size))
            {
                for (var offset = 0L; offset < size && Stopwatch.GetElapsedTime(began) < span; offset += page)
                {
                    var at = Stopwatch.GetTimestamp();
                    file.Write(offset, bytes);
                    file.Flush();
                    took.Add(Stopwatch.GetTimestamp() - at);
                }
            }
            disk.Delete(path);
        }
        return new Took(took, Stopwatch.GetElapsedTime(began));
    }

    private static MerkleLog Open(string folder, Action<LedgerEntry> replay)
    {
        var disk = new RealDisk();
        disk.CreateFolder(folder);
        return MerkleLog.Open(disk, folder, "bench.example.gov/ledger", TimeProvider.System, replay);
    }

    private static void Say(string what, long entries, long began)
    {
        var took = Stopwatch.GetElapsedTime(began);
        Console.WriteLine($"  {what,-34} {entries / took.TotalSeconds,10:N0} /s   {took.TotalSeconds,8:N2} s");
    }

    /// <summary>How often, and how long each took.</summary>
    private sealed class Took
    {
        private readonly List<long> _sorted;
        private readonly TimeSpan _all;

        public Took(List<long> each, TimeSpan all)
        {
            each.Sort();
            (_sorted, _all) = (each, all);
        }

        public override string ToString() => $"{_sorted.Count / _all.TotalSeconds,10:N0} /s   p50 {At(0.5),8:N3} ms   p99 {At(0.99),8:N3} ms   most {At(1),8:N3} ms";

        private double At(double share) => Stopwatch.GetElapsedTime(0, _sorted[(int)((_sorted.Count - 1) * share)]).TotalMilliseconds;
    }

    /// <summary>An envelope such as the hub makes, always the same.</summary>
    private sealed class MadeUp : IEntryDraft
    {
        public static readonly AlertResolved Event = new(
            new AlertRef("alerts/identity.yaml#identity_slow", "9f3c21d07ab15e44", "identity_slow", "svc_identity_ms", new Dictionary<string, string> { ["service"] = "svc_identity", ["zone"] = "b" }),
            287.4, "ms", "condition", new DateTimeOffset(2026, 3, 2, 8, 50, 0, TimeSpan.Zero));

        public static readonly byte[] Bytes = Encoded();

        public void Encode(long sequence, DateTimeOffset time, IBufferWriter<byte> into) => into.Write(Bytes);

        private static byte[] Encoded()
        {
            var bytes = new ArrayBufferWriter<byte>();
            var envelope = new Envelope { Id = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), Sequence = 18_233, Time = Event.At, Actor = "system:decide", Event = Event };
            EnvelopeCodec.Write(bytes, envelope, new byte[16]);
            return bytes.WrittenSpan.ToArray();
        }
    }

    private sealed class CountedIds : IIds
    {
        private int _made;

        public Guid NewId(DateTimeOffset at) => new(Interlocked.Increment(ref _made), 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

        public void Fill(Span<byte> bytes) => bytes.Fill((byte)_made);
    }
}
