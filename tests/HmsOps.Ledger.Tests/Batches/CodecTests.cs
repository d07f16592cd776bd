using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HmsOps.Ledger.Batches;

namespace HmsOps.Ledger.Tests.Batches;

public sealed class CodecTests
{
    [Fact]
    public void The_checksum_is_crc_32c() => Assert.Equal(0xe3069283u, Checksum.Of(Encoding.ASCII.GetBytes("123456789")));

    [Fact]
    public void An_extension_reads_back_as_written() =>
        Prop.ForAll(Extensions(), extension =>
        {
            Span<byte> bytes = stackalloc byte[BatchExtension.Bytes];
            extension.Write(bytes);
            return BatchExtension.TryRead(bytes, out var read) && read == extension;
        }).Holds();

    [Fact]
    public void An_extension_cut_off_anywhere_or_too_long_is_none()
    {
        var bytes = new byte[BatchExtension.Bytes + 1];
        for (var length = 0; length < BatchExtension.Bytes; length++)
            Assert.False(BatchExtension.TryRead(bytes.AsSpan(0, length), out _), $"{length} bytes");
        Assert.True(BatchExtension.TryRead(bytes.AsSpan(0, BatchExtension.Bytes), out _));
        Assert.False(BatchExtension.TryRead(bytes, out _));
    }

    [Theory]
    [InlineData(0, 1)] // 1 ns: not on the grid of 100
    [InlineData(7, 0x80)] // before 1970
    [InlineData(80, 1)]
    [InlineData(95, 1)]
    public void An_extension_with_a_byte_that_cannot_be_is_none(int at, byte value)
    {
        var bytes = new byte[BatchExtension.Bytes];
        bytes[at] = value;
        Assert.False(BatchExtension.TryRead(bytes, out _));
    }

    [Fact]
    public void A_payload_reads_back_as_written_and_is_faulty_when_cut_off_anywhere_but_between_entries() =>
        Prop.ForAll(Entries(), entries =>
        {
            var (payload, ends) = Written(entries);
            for (var length = 0; length <= payload.Length; length++)
            {
                var (read, fault) = Read(payload.AsSpan(0, length));
                var whole = ends.Count(end => end <= length);
                var isBetween = length == 0 || ends.Contains(length);
                if (read.Count != whole || (fault is null) != isBetween || !read.Zip(entries).All(pair => pair.First.SequenceEqual(pair.Second)))
                    return false;
            }
            return true;
        }).Holds();

    [Fact]
    public void A_hash_is_written_as_64_digits_and_read_back()
    {
        Prop.ForAll(Hashes().ToArbitrary(), hash => TreeHash.Parse(hash.ToString()) == hash && new TreeHash(hash.ToArray()) == hash)
            .Holds();
        Assert.Throws<FormatException>(() => TreeHash.Parse("00"));
        Assert.Throws<FormatException>(() => TreeHash.Parse(new string('g', 64)));
        Assert.Equal("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", new TreeHash([.. Enumerable.Range(0, 32).Select(n => (byte)n)]).ToString());
    }

    private static Gen<TreeHash> Hashes() => Gen.Choose(0, 255).ArrayOf(32).Select(bytes => new TreeHash([.. bytes.Select(b => (byte)b)]));

    private static Arbitrary<BatchExtension> Extensions() =>
        (from ticks in Gen.Choose(0, int.MaxValue)
         from epoch in Gen.Choose(1, int.MaxValue)
         from root in Hashes()
         from previous in Hashes()
         select new BatchExtension(DateTimeOffset.UnixEpoch.AddTicks(ticks * 7_919_003L), epoch, root, previous)).ToArbitrary();

    private static Arbitrary<byte[][]> Entries() =>
        Gen.Choose(1, 255).Select(b => (byte)b).NonEmptyListOf().Select(entry => entry.Take(40).ToArray())
            .NonEmptyListOf().Select(entries => entries.Take(8).ToArray()).ToArbitrary();

    private static (byte[] Payload, List<int> Ends) Written(byte[][] entries)
    {
        using var payload = new MemoryStream();
        var ends = new List<int>();
        Span<byte> head = stackalloc byte[BatchPayload.RecordHeaderBytes];
        foreach (var entry in entries)
        {
            BinaryPrimitives.WriteInt32LittleEndian(head, entry.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(head[4..], Checksum.Of(entry));
            payload.Write(head);
            payload.Write(entry);
            ends.Add((int)payload.Length);
        }
        return (payload.ToArray(), ends);
    }

    private static (List<byte[]> Entries, string? Fault) Read(ReadOnlySpan<byte> bytes)
    {
        var payload = new BatchPayload(bytes);
        var entries = new List<byte[]>();
        while (payload.MoveNext())
            entries.Add(payload.Entry.ToArray());
        return (entries, payload.Fault);
    }
}
