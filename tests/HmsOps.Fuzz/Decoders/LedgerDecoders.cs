using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using HmsOps.Disk;
using HmsOps.Fuzz.Harness;
using HmsOps.Ledger;
using HmsOps.Ledger.Batches;
using HmsOps.LedgerVerifier;
using HmsOps.LedgerVerifier.Folders;
using HmsOps.Record;
using HmsOps.Simulation.Disk;
using HmsOps.Simulation.Time;
using static HmsOps.Fuzz.Harness.BrokenPromiseException;

namespace HmsOps.Fuzz.Decoders;

/// <summary>The ledger: its segments, read by the program and by the verifier, which shares no code with it; proofs; the envelopes of its entries.</summary>
static class LedgerDecoders
{
    const string Folder = "ledger";
    const string Segment = "log/00000000000000000000.open";
    const string Origin = "county.gov/ops";
    const int SegmentBytes = 20 * 1024;

    static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeMilliseconds(SeedSamples.Time);

    public static IReadOnlyList<Decoder> All =>
    [
        new("ledger-segment", ReadSegment) { Seeds = SegmentSeeds, Seal = SealBatches, HeadBytes = HeaderPage.Bytes, InputBytesMax = 16 * 1024, AllocationBase = 64 << 20, AllocationPerByte = 800, Share = 4 },
        new("ledger-proof", ReadProof) { Seeds = ProofSeeds, InputBytesMax = 512, AllocationBase = 256 << 10, AllocationPerByte = 2048, Share = 40 },
        new("tree-hash", ReadHash) { Seeds = HashSeeds, InputBytesMax = 100, Share = 200 },
        new("envelope", ReadEnvelope)
        {
            Seeds = EnvelopeSeeds,
            Words = ["params", "_meta", "hms-ops/seq", "hms-ops/time", "hms-ops/v", "arguments", "\"id\":", "null", "{}", "[]", "\\ud800", "9999-12-31T23:59:59.9999999Z", "1e400", "-1", "true"],
            AllocationPerByte = 1500, AllocationBase = 256 << 10, Share = 30,
        },
    ];

    static Reading ReadSegment(ReadOnlyMemory<byte> input)
    {
        input = LogDecoders.Whole(input, SegmentBytes);
        var report = new FolderCheck(new Files(input.ToArray())).Run();
        var disk = new SimulatedDisk(new Random(1));
        disk.Put($"{Folder}/origin", Encoding.UTF8.GetBytes(Origin + "\n"));
        disk.Put($"{Folder}/{Segment}", input.Span);
        var digest = new Digest();
        var entries = 0;
        try
        {
            using var log = MerkleLog.Open(disk, Folder, Origin, new VirtualTime(Start), entry =>
            {
                entries++;
                digest.Add(entry.Bytes.Span);
            }, SegmentBytes);
            if (log.State != LedgerState.Writable)
            {
                Unless(report.Word != VerifyReport.Good, $"the verifier finds nothing wrong with a log that is {log.State}: {log.StateReason}");
                return new Reading(false, $"{report.Word} {report.Damage?.What ?? ""}", digest.Value);
            }
            // The verifier looks at the zeros too, which say nothing to the program: docs/formats/ledger.md.
            // Nor does it at less than a page, which no segment ends in.
            Unless(report.Word == VerifyReport.Good || report.Damage?.What.Contains("zeros", StringComparison.Ordinal) == true || input.Length % HeaderPage.Bytes != 0, $"the program takes a log of which the verifier says: {report.Word}, {report.Damage?.What}");
            Unless(report.Word != VerifyReport.Good || (report.Entries == log.Size && report.Root == log.Root.ToString()), $"the program reads {log.Size} entries with root {log.Root}, the verifier {report.Entries} with {report.Root}");
            Unless(entries == log.Size, $"{entries} of {log.Size} entries were replayed");
            var again = new Digest();
            foreach (var entry in log.ReadRange(0, int.MaxValue))
                again.Add(entry.Bytes.Span);
            Unless(again.Value == digest.Value, "entries read back are not those that were replayed");
            return Reading.Accepted($"{entries} entries, {string.Join(' ', log.Recovery.Findings.Select(finding => finding.Kind))}", digest);
        }
        catch (LedgerCorruptException e)
        {
            return Reading.Refused(e.Message);
        }
        catch (LogMismatchException e)
        {
            Unless(report.Word != VerifyReport.Good, "the verifier finds nothing wrong with a log that is of another name or manner");
            return Reading.Refused(e.Message[(e.Message.IndexOf(Segment, StringComparison.Ordinal) + Segment.Length)..]);
        }
    }

    // Of the frames and of each entry in them.
    static void SealBatches(byte[] file)
    {
        const int Head = 32 + BatchExtension.Bytes;
        for (var at = HeaderPage.Bytes; at + Head <= file.Length; at += HeaderPage.Bytes)
        {
            var used = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + FrameLayout.UsedAt));
            if (used < Head || used > file.Length - at)
                continue;
            var payload = file.AsSpan(at + Head, used - Head);
            while (payload.Length >= BatchPayload.RecordHeaderBytes)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(payload);
                if ((uint)length > (uint)(payload.Length - BatchPayload.RecordHeaderBytes))
                    break;
                BinaryPrimitives.WriteUInt32LittleEndian(payload[4..], Crc32C.Of(payload.Slice(BatchPayload.RecordHeaderBytes, length)));
                payload = payload[(BatchPayload.RecordHeaderBytes + length)..];
            }
        }
        LogDecoders.Seal(file, HeaderPage.Bytes, BatchExtension.Bytes);
    }

    // Two bytes choose a place and a size, the next what is proved; the rest is laid over a right proof. Over its hashes not one bit may differ.
    static Reading ReadProof(ReadOnlyMemory<byte> input)
    {
        if (input.Length < 3)
            return Reading.Refused("too short to say anything");
        var (index, size, kind) = (input.Span[0], input.Span[1], input.Span[2]);
        var levels = new Ledger.Tree.HashLevels();
        for (var i = 0; i < Math.Max(1, size % 40); i++)
            levels.Append(Ledger.Tree.TreeHashing.Leaf([(byte)i]));
        var (place, whole) = (index % levels.Size, levels.Size);
        List<TreeHash> path = kind % 2 == 0 ? Ledger.Tree.ProofBuilder.Inclusion(levels, place, whole) : Ledger.Tree.ProofBuilder.Consistency(levels, place, whole);
        byte[] one = kind % 2 == 0 ? levels.Leaf(place).ToArray() : levels.Root(0, place).ToArray();
        byte[] proof = [.. one, .. levels.Root(0, whole).ToArray(), .. path.SelectMany(hash => hash.ToArray())];
        var isChanged = false;
        for (var i = 0; i < Math.Min(proof.Length, input.Length - 3); i++)
        {
            isChanged |= input.Span[3 + i] != 0;
            proof[i] ^= input.Span[3 + i];
        }
        IReadOnlyList<byte[]> hashes = [.. proof[64..].Chunk(32)];
        var holds = Verify(kind, place, whole, proof, hashes);
        Unless(holds || isChanged, $"a right proof of {place} in {whole} is refused");
        // An empty tree's root is the one thing a proof of consistency need not look at: every tree begins with it.
        Unless(!holds || !isChanged || (kind % 2 == 1 && place == 0), $"a changed proof of {place} in {whole} is taken");
        if (input.Length > 3 + proof.Length) // and with a path of any length, and any place and size, it answers something
            _ = Verify(kind, input.Span[^1] - 1L, (long)input.Span[^2] << (input.Span[^1] % 60), proof, [.. hashes, .. input.Span[(3 + proof.Length)..].ToArray().Chunk(32)]);
        return holds ? Reading.Accepted($"proof of {hashes.Count} hashes") : Reading.Refused($"proof of {hashes.Count} hashes");
    }

    static bool Verify(int kind, long place, long whole, byte[] proof, IReadOnlyList<byte[]> path) => kind % 2 == 0
        ? Verifier.VerifyInclusion(place, whole, proof.AsSpan(0, 32), proof.AsSpan(32, 32), path)
        : Verifier.VerifyConsistency(place, whole, proof.AsSpan(0, 32), proof.AsSpan(32, 32), path);

    static Reading ReadHash(ReadOnlyMemory<byte> input)
    {
        try
        {
            var text = Encoding.UTF8.GetString(input.Span);
            var hash = TreeHash.Parse(text);
            Unless(hash.ToString().Equals(text, StringComparison.OrdinalIgnoreCase), $"'{text}' is read as {hash}");
            return Reading.Accepted("hash");
        }
        catch (FormatException)
        {
            return Reading.Refused("no hash");
        }
    }

    static Reading ReadEnvelope(ReadOnlyMemory<byte> input)
    {
        Envelope envelope;
        try
        {
            envelope = EnvelopeCodec.Read(input, 7);
        }
        catch (FormatException e)
        {
            return Reading.Refused(e.Message);
        }
        var written = Written(envelope);
        var again = EnvelopeCodec.Read(written, 7);
        var settled = Written(again); // what was no UTF-8 is, once it was written
        Unless(settled.AsSpan().SequenceEqual(Written(EnvelopeCodec.Read(settled, 7))), $"what was written reads back as something else: {Encoding.UTF8.GetString(settled)}");
        var digest = new Digest();
        digest.Add(written);
        return Reading.Accepted(envelope.Event.GetType().Name, digest);
    }

    static byte[] Written(Envelope envelope)
    {
        var bytes = new ArrayBufferWriter<byte>();
        EnvelopeCodec.Write(bytes, envelope, "the salt of tests"u8[..16]);
        return bytes.WrittenSpan.ToArray();
    }

    static IEnumerable<(string, byte[])> SegmentSeeds()
    {
        foreach (var entries in (int[])[0, 1, 6])
        {
            var disk = new SimulatedDisk(new Random(1));
            var time = new VirtualTime(Start);
            using var log = MerkleLog.Open(disk, Folder, Origin, time, _ => { }, SegmentBytes);
            using var stopping = new CancellationTokenSource();
            time.Run(async () =>
            {
                var running = log.RunAsync(stopping.Token);
                for (var i = 0; i < entries; i += 2)
                    await log.AppendAllAsync([.. Enumerable.Range(i, Math.Min(2, entries - i)).Select(n => new Line($"{{\"entry\":{n}}}"))], CancellationToken.None);
                stopping.Cancel();
                await running;
            });
            if (disk.Exists($"{Folder}/{Segment}"))
                yield return ($"{entries}-entries", disk.Content($"{Folder}/{Segment}")[..(HeaderPage.Bytes * (1 + ((entries + 1) / 2)))]);
        }
    }

    static IEnumerable<(string, byte[])> ProofSeeds() =>
        from kind in (int[])[0, 1]
        from size in (int[])[1, 2, 7, 8, 33]
        select ($"{(kind == 0 ? "inclusion" : "consistency")}-{size}", (byte[])[(byte)(size / 2), (byte)size, (byte)kind, .. new byte[32 * 4]]);

    static IEnumerable<(string, byte[])> HashSeeds() => [("hex", [.. "93b885adfe0da089cdf634904fd59f71e8f16a6c1b1d0d3c4a0ed3d2c94be1f0"u8])];

    static IEnumerable<(string, byte[])> EnvelopeSeeds()
    {
        foreach (var happened in Record.Tests.Samples.OfEveryKind(Start))
        {
            var envelope = new Envelope
            {
                Id = Guid.Parse("0199e3c4-7d1a-7c3e-9b0a-5f2f8f1d2c12"),
                Sequence = 7,
                Time = Start,
                Actor = "system:decide",
                Event = happened,
                Cause = Guid.Parse("0199e3c4-7d1a-7c3e-9b0a-5f2f8f1d2c13"),
                Incident = "INC-2026-0001",
                Key = Record.Tests.Samples.Episode,
            };
            yield return (EventCatalogue.NameOf(happened), Written(envelope));
        }
    }

    sealed class Line(string text) : IEntryDraft
    {
        public void Encode(long sequence, DateTimeOffset time, IBufferWriter<byte> into) => into.Write(Encoding.UTF8.GetBytes(text));
    }

    sealed class Files(byte[] segment) : ILedgerFolder
    {
        IReadOnlyList<string> ILedgerFolder.List() => [Segment, "origin"];

        byte[] ILedgerFolder.Read(string name) => name == "origin" ? Encoding.UTF8.GetBytes(Origin + "\n") : segment;
    }
}
