using System.Buffers;
using System.Text;
using System.Text.Json;
using HmsOps.Record.Events;

namespace HmsOps.Record.Tests;

public sealed class EnvelopeCodecTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 20, 16, 7, 31, TimeSpan.Zero);

    [Fact]
    public void An_envelope_is_an_MCP_tool_call()
    {
        Assert.Equal(
            """
            {"jsonrpc":"2.0","id":"0199e3c4-7d1a-7c3e-9b0a-5f2f8f1d2c11","method":"tools/call","params":{"name":"ops.act.begin","arguments":{"intent":"0199e3c4-7d1a-7c3e-9b0a-5f2f8f1d2c12","effect":1,"attempt":1,"effect_key":"ab12","at":"2026-11-20T16:07:31+00:00"},"_meta":{"hms-ops/v":1,"hms-ops/seq":7,"hms-ops/time":"2026-11-20T16:07:31.0000001Z","hms-ops/actor":"system:act","hms-ops/cause":"0199e3c4-7d1a-7c3e-9b0a-5f2f8f1d2c12","hms-ops/incident":"INC-2026-0001","hms-ops/key":"begin/1","hms-ops/salt":"AAECAwQFBgcICQoLDA0ODw=="}}}
            """.Trim(),
            Encoding.UTF8.GetString(BytesOf(Begun)));
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        Assert.Equal(Begun, EnvelopeCodec.Read(BytesOf(Begun), Begun.Sequence));
    }

    [Fact]
    public void Every_kind_of_event_survives_the_way_through_the_ledger()
    {
        foreach (var happened in Samples.OfEveryKind(At))
        {
            var read = EnvelopeCodec.Read(BytesOf(Begun with { Event = happened }), Begun.Sequence).Event;

            Assert.IsType(happened.GetType(), read);
            Assert.Equal(Json(happened), Json(read));
        }
    }

    [Fact]
    public void There_is_a_sample_of_every_kind_in_the_catalogue() =>
        Assert.Equal(EventCatalogue.Names.Select(n => n.Name), Samples.OfEveryKind(At).Select(EventCatalogue.NameOf).Distinct());

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-0.0)]
    [InlineData(1580.0000000000002)]
    public void A_number_is_read_back_bit_for_bit(double value)
    {
        var pending = new AlertPending(Samples.Alert, value, At);

        var read = Assert.IsType<AlertPending>(EnvelopeCodec.Read(BytesOf(Begun with { Event = pending }), Begun.Sequence).Event);

        Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(read.Value));
    }

    [Fact]
    public void An_event_this_program_does_not_know_is_kept_raw()
    {
        var text = Encoding.UTF8.GetString(BytesOf(Begun)).Replace("ops.act.begin", "ops.moon.landed", StringComparison.Ordinal);

        var unknown = Assert.IsType<UnknownEvent>(EnvelopeCodec.Read(Encoding.UTF8.GetBytes(text), Begun.Sequence).Event);

        Assert.Equal(("ops.moon.landed", 1), (unknown.Name, unknown.Version));
        Assert.Equal("ab12", unknown.Arguments.GetProperty("effect_key").GetString());
    }

    [Fact]
    public void A_later_version_of_a_known_event_is_kept_raw()
    {
        var text = Encoding.UTF8.GetString(BytesOf(Begun)).Replace("\"hms-ops/v\":1", "\"hms-ops/v\":2", StringComparison.Ordinal);

        Assert.Equal(2, Assert.IsType<UnknownEvent>(EnvelopeCodec.Read(Encoding.UTF8.GetBytes(text), Begun.Sequence).Event).Version);
    }

    [Fact]
    public void No_byte_of_an_envelope_is_zero()
    {
        // The ledger refuses such entries: its recovery tells a torn tail by them.
        var nasty = Begun with { Actor = "user:\0x", Event = new ActDone(Guid.Empty, 1, 1, "\0", "a\0b", TimeSpan.Zero, At) };

        Assert.DoesNotContain((byte)0, BytesOf(nasty));
    }

    [Fact]
    public void Bytes_cut_anywhere_are_no_envelope_and_say_so()
    {
        var bytes = BytesOf(Begun);
        for (var length = 0; length < bytes.Length; length++)
        {
            var cut = bytes[..length];
            Assert.Contains("Entry 7 of the ledger is not an envelope", Assert.Throws<FormatException>(() => EnvelopeCodec.Read(cut, 7)).Message);
        }
    }

    private static Envelope Begun { get; } = new()
    {
        Id = Guid.Parse("0199e3c4-7d1a-7c3e-9b0a-5f2f8f1d2c11"),
        Sequence = 7,
        Time = At.AddTicks(1),
        Actor = "system:act",
        Event = new ActBegun(Guid.Parse("0199e3c4-7d1a-7c3e-9b0a-5f2f8f1d2c12"), 1, 1, "ab12", At),
        Cause = Guid.Parse("0199e3c4-7d1a-7c3e-9b0a-5f2f8f1d2c12"),
        Incident = "INC-2026-0001",
        Key = "begin/1",
    };

    private static byte[] BytesOf(Envelope envelope)
    {
        var bytes = new ArrayBufferWriter<byte>();
        EnvelopeCodec.Write(bytes, envelope, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        return bytes.WrittenSpan.ToArray();
    }

    private static string Json(OpsEvent happened)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
            EventCatalogue.Write(json, happened);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
