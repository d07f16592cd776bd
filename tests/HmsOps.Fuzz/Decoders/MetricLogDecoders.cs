using System.Buffers;
using System.Buffers.Binary;
using HmsOps.Disk;
using HmsOps.Fuzz.Harness;
using HmsOps.Series;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using HmsOps.Tsdb;
using HmsOps.Tsdb.Checkpoints;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Index;
using HmsOps.Tsdb.Pages;
using HmsOps.Tsdb.Wal;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>What the metric store keeps of its head: the frames of its log, in both versions, its checkpoints, and the index in them.</summary>
static class MetricLogDecoders
{
    const string Folder = "metrics";

    static readonly MetricStoreOptions Options = new() { Folder = Folder, SegmentBytes = 16 * 1024, BatchBytesMax = 8 * 1024, ExemplarsMax = 100, IdsMax = 1_000 };
    static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeMilliseconds(SeedSamples.Time + 500);
    static readonly Lazy<SimulatedDisk> Lived = new(Live);

    public static IReadOnlyList<Decoder> All =>
    [
        new("metric-frames", ReadFrames) { Seeds = FrameSeeds, AllocationBase = 12 << 20, AllocationPerByte = 8192, Share = 10 },
        new("metric-checkpoint", ReadCheckpoint) { Seeds = CheckpointSeeds, HeadBytes = 76, Seal = SealPages, InputBytesMax = 96 << 10, AllocationBase = 24 << 20, AllocationPerByte = 4096, Share = 3 },
        new("series-index", ReadIndex) { Seeds = IndexSeeds, HeadBytes = 40, Seal = SealPages, InputBytesMax = 12 << 10, AllocationBase = 24 << 20, AllocationPerByte = 4096, Share = 10 },
    ];

    // An input is frames one after another: type, two bytes of length, payload.
    static Reading ReadFrames(ReadOnlyMemory<byte> input)
    {
        var holdings = Holdings.Of(new SeriesHead(1), Options);
        var fold = new FrameFold(holdings, Options.BucketsMax);
        var replay = new FrameReplay(holdings, fold, null, Options.BucketsMax);
        var frames = 0;
        try
        {
            for (var rest = input.Span; rest.Length >= 3; frames++)
            {
                var length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(rest[1..]), rest.Length - 3);
                replay.Apply(FrameOf(rest[0], frames, rest.Slice(3, length)));
                rest = rest[(3 + length)..];
            }
        }
        catch (InvalidDataException e)
        {
            return Reading.Refused($"{(e.Message.Contains("checks", StringComparison.Ordinal) ? "of another form" : "of another type")} after {frames}");
        }
        var saved = Saved(new CheckpointHead(frames, 1, fold.Stamp, holdings.Closer.Second), holdings);
        var (head, again) = Checkpoint.Read(new Bytes(saved), Options);
        Unless(saved.AsSpan().SequenceEqual(Saved(head, again)), "a checkpoint of what was replayed reads back as something else");
        return Reading.Accepted($"{frames} frames, {holdings.Head.Index.Count} series, {holdings.Head.Samples} samples, {replay.Lost} lost", SumOf(holdings));
    }

    static Frame FrameOf(byte type, long sequence, ReadOnlySpan<byte> payload)
    {
        var bytes = new byte[FrameLayout.HeaderBytes + payload.Length];
        FrameLayout.Encode(bytes, type, sequence, 1, [], payload);
        return new Frame(bytes, 0, "input", 0);
    }

    static Reading ReadCheckpoint(ReadOnlyMemory<byte> input)
    {
        try
        {
            var (head, holdings) = Checkpoint.Read(new Bytes(input), Options);
            var saved = Saved(head, holdings);
            var (headAgain, again) = Checkpoint.Read(new Bytes(saved), Options);
            Unless(saved.AsSpan().SequenceEqual(Saved(headAgain, again)), "what was read and written again reads back as something else");
            return Reading.Accepted($"{holdings.Head.Index.Count} series, {holdings.Head.Samples} samples, {holdings.Ids.Count} ids, {holdings.Exemplars.Count} exemplars", SumOf(holdings));
        }
        catch (IOException e) // what makes a restart pass it over
        {
            return Reading.Refused(e.Message);
        }
    }

    static Reading ReadIndex(ReadOnlyMemory<byte> input)
    {
        try
        {
            var index = SeriesIndex.Load(new Bytes(input), 1);
            var ids = index.Select([new("pod", MatchOp.Regex, "[ab].*"), new("job", MatchOp.NotEqual, "")], CancellationToken.None);
            var digest = new Digest();
            foreach (var id in ids)
            {
                Unless((uint)id < (uint)index.Count, $"it answers series {id} of {index.Count}");
                AddLabels(ref digest, index, id);
            }
            digest.Add((ulong)index.LabelNames().Count);
            digest.Add((ulong)index.TopValues("pod", 3).Count);
            var saved = new Sink();
            index.Save(saved);
            return Reading.Accepted($"{index.Count} series", digest);
        }
        catch (PagesDamagedException e)
        {
            return Reading.Refused(e.Message);
        }
    }

    static Digest SumOf(Holdings holdings)
    {
        var digest = new Digest();
        for (var id = 0; id < holdings.Head.Index.Count; id++)
        {
            AddLabels(ref digest, holdings.Head.Index, id);
            digest.Add(holdings.Head.Record(id).LastTime);
        }
        digest.Add(holdings.Head.Samples);
        digest.Add(holdings.Head.Weight);
        return digest;
    }

    // Content that lies under right checksums is refused by the index when it is asked for, as its own tests have it.
    static void AddLabels(ref Digest digest, SeriesIndex index, int id)
    {
        try
        {
            digest.Add(index.LabelsOf(id).Bytes);
        }
        catch (InvalidOperationException)
        {
            digest.Add(-1L);
        }
    }

    static byte[] Saved(CheckpointHead head, Holdings holdings)
    {
        var sink = new Sink();
        Checkpoint.Write(sink, head, holdings);
        return sink.ToArray();
    }

    // Blocks as PageWriter makes them: length, checksum, bytes.
    static void SealPages(byte[] file)
    {
        for (var at = 0; at + PageWriter.HeadBytes <= file.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at));
            var rest = file.Length - at - PageWriter.HeadBytes;
            if ((uint)length > (uint)rest)
            {
                length = Math.Max(0, rest - PageWriter.HeadBytes); // up to the end that is written behind
                BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), length);
            }
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + sizeof(int)), PageChecksum.Of(file.AsSpan(at + PageWriter.HeadBytes, length)));
            at += PageWriter.HeadBytes + length;
        }
    }

    static IEnumerable<(string, byte[])> FrameSeeds()
    {
        yield return ("log", FramesOf(Lived.Value, Folder));
        var first = new SimulatedDisk(new Random(1));
        foreach (var path in Directory.GetFiles(Path.Combine(Corpus.Checkout(), "tests/HmsOps.Tsdb.Tests/Wal/first-format")).Order(StringComparer.Ordinal))
            first.Put($"{Folder}/{Path.GetFileName(path)}", File.ReadAllBytes(path));
        yield return ("first-format", FramesOf(first, Folder)[..2048]);
    }

    static byte[] FramesOf(SimulatedDisk disk, string folder)
    {
        var frames = new List<byte>();
        var origin = disk.Content(disk.Paths.First(path => path.StartsWith($"{folder}/0", StringComparison.Ordinal))).AsMemory(16, HeaderPage.OriginBytes);
        var options = new FramedLogOptions { Folder = folder, Origin = origin, OnFlushFailure = OnFlushFailure.Roll, SegmentBytes = Options.SegmentBytes };
        using var log = FramedLog.Open(disk, options, new VirtualTime(Start), (in Frame frame) =>
        {
            frames.Add(frame.Type);
            frames.AddRange([(byte)frame.Payload.Length, (byte)(frame.Payload.Length >> 8)]);
            frames.AddRange(frame.Payload);
        });
        return [.. frames];
    }

    static IEnumerable<(string, byte[])> CheckpointSeeds()
    {
        var disk = Lived.Value;
        yield return ("store", disk.Content(disk.Paths.Last(path => path.StartsWith($"{Folder}/checkpoints/", StringComparison.Ordinal))));
        yield return ("empty", Saved(new CheckpointHead(1, 1, 0, 0), Holdings.Of(new SeriesHead(1), Options)));
    }

    static IEnumerable<(string, byte[])> IndexSeeds()
    {
        var index = new SeriesIndex(1);
        foreach (var (labels, _, _, _) in SeedSamples.Rows(2))
            index.Add(labels, index.IdentityOf(labels.Bytes));
        var sink = new Sink();
        index.Save(sink);
        yield return ("few", sink.ToArray());
    }

    // A life of the store: samples, histograms, late ones, observations, exemplars, descriptions; then a clean end, which writes a checkpoint.
    static SimulatedDisk Live()
    {
        var disk = new SimulatedDisk(new Random(1));
        var time = new VirtualTime(Start);
        using var store = MetricStore.Open(disk, Options, time);
        using var stopping = new CancellationTokenSource();
        time.Run(async () =>
        {
            var running = store.RunAsync(stopping.Token);
            foreach (var batch in Batches())
            {
                await store.AppendAsync(batch, CancellationToken.None);
                var observed = new ObservationBatch();
                observed.Add(new Observation(SeedSamples.Named("county_api_ms"), 112.5, "1-1"));
                observed.Add(new Observation(SeedSamples.Named("votes_total"), 2, "") { Kind = ObservationKind.Increment });
                await store.ObserveAsync(observed, CancellationToken.None);
                await Task.Delay(TimeSpan.FromSeconds(2), time, CancellationToken.None);
            }
            stopping.Cancel();
            await running;
        });
        return disk;
    }

    static IEnumerable<SampleBatch> Batches()
    {
        for (var turn = 0; turn < 3; turn++)
        {
            var batch = new SampleBatch();
            foreach (var (labels, times, values, histograms) in SeedSamples.Rows(3))
            {
                var series = batch.AddSeries(labels);
                for (var i = 0; i < times.Length; i++)
                {
                    var at = times[i] - 60_000 + (turn * 1_000L);
                    if (histograms.Length > 0 && histograms[i] is { } histogram)
                        batch.Add(series, at, histogram);
                    else
                        batch.Add(series, at, values[i], start: turn == 1 ? SeedSamples.Time - 100_000 : 0);
                }
                batch.Exemplars.Add(new Exemplar(series, Labels.From(("trace_id", "4bf92f")), times[0] - 60_000 + turn, 0.5));
            }
            batch.Metadata.Add(new MetricMetadata("up", "gauge", "", "Is it there?"));
            yield return batch;
        }
    }

    sealed class Sink : IPageSink
    {
        readonly ArrayBufferWriter<byte> _bytes = new();

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        void IPageSink.Write(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);
    }

    sealed class Bytes(ReadOnlyMemory<byte> bytes) : IPageSource
    {
        int _at;

        long IPageSource.Left => bytes.Length - _at;

        int IPageSource.Read(Span<byte> into)
        {
            var part = Math.Min(into.Length, bytes.Length - _at);
            bytes.Span.Slice(_at, part).CopyTo(into);
            _at += part;
            return part;
        }
    }
}
