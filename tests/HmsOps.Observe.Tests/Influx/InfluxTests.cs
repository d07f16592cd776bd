using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using HmsOps.Observe.Influx;
using HmsOps.Observe.Tests.Wire;
using HmsOps.Observe.Wire;
using HmsOps.Simulation.Time;

namespace HmsOps.Observe.Tests.Influx;

public sealed class InfluxTests
{
    private const long Ns = 1_795_190_400_123_456_789; // Friday, 20 November 2026, 16:00:00.123456789 UTC
    private const long Ms = 1_795_190_400_123;

    private readonly RecordingSink _sink = new();
    private readonly Refusals _refusals = new();
    private readonly VirtualTime _time = VirtualTime.OnFridayAfternoon();

    [Theory]
    [InlineData("cpu,host=a usage_idle=98.5 T", "__name__=cpu_usage_idle,host=a 98.5")]
    [InlineData("cpu usage_idle=98.5 T", "__name__=cpu_usage_idle 98.5")]
    [InlineData("permits value=3i T", "__name__=permits 3")] // the field `value` is the measurement itself
    [InlineData("m a=-1i,b=18446744073709551615u,c=1e3,d=.5,e=1. T", "__name__=m_a -1|__name__=m_b 1.8446744073709552E+19|__name__=m_c 1000|__name__=m_d 0.5|__name__=m_e 1")]
    [InlineData("m a=t,b=T,c=true,d=True,e=TRUE,f=f,g=F,h=false,i=False,j=FALSE T", "__name__=m_a 1|__name__=m_b 1|__name__=m_c 1|__name__=m_d 1|__name__=m_e 1|__name__=m_f 0|__name__=m_g 0|__name__=m_h 0|__name__=m_i 0|__name__=m_j 0")]
    [InlineData("m,b=2,Z=1,a=3 x=1 T", "Z=1,__name__=m_x,a=3,b=2 1")] // in the order of names, whatever was sent
    [InlineData(@"my\ disk,a\,b=c\=d\ e f\ g=1 T", "__name__=my disk_f g,a,b=c=d e 1")]
    [InlineData(@"m,path=C:\temp x=1 T", @"__name__=m_x,path=C:\temp 1")] // a backslash before anything else is itself
    [InlineData("temp,città=Zürich °C=21 T", "__name__=temp_°C,città=Zürich 21")]
    [InlineData("  m x=1 T  ", "__name__=m_x 1")]
    [InlineData("m x=1  T\r", "__name__=m_x 1")]
    [InlineData("# a comment, x=1\n\n   \nm x=1 T\n# \"\nm x=2 T", "__name__=m_x 1|__name__=m_x 2")]
    [InlineData("m s=\"a, b=1 c \\\" d\\\\\",x=1 T", "__name__=m_x 1")] // the text is left out
    [InlineData("m s=\"two\nlines\",x=1 T\nn x=2 T", "__name__=m_x 1|__name__=n_x 2")]
    [InlineData("quote\"d,t=\"q\" x=1 T\nm x=1 T", "__name__=quote\"d_x,t=\"q\" 1|__name__=m_x 1")] // a quote means nothing in a name or tag
    public async Task A_line_becomes_a_sample_a_field(string lines, string stored)
    {
        var answer = await SendAsync(lines.Replace("T\n", $"{Ns}\n", StringComparison.Ordinal).Replace("T\r", $"{Ns}\r", StringComparison.Ordinal)
            is var text && text.TrimEnd().EndsWith('T') ? text.TrimEnd()[..^1] + Ns + text[text.TrimEnd().Length..] : text);

        Assert.Equal((204, null), (answer.Status, answer.Message));
        Assert.Equal(stored.Split('|').Select(s => $"{s} @{Ms}"), _sink.Stored);
    }

    [Theory]
    [InlineData("ns", Ns, Ms)]
    [InlineData("n", Ns, Ms)]
    [InlineData(null, Ns, Ms)]
    [InlineData("us", Ns / 1_000, Ms)]
    [InlineData("u", Ns / 1_000, Ms)]
    [InlineData("ms", Ms, Ms)]
    [InlineData("s", Ms / 1_000, Ms / 1_000 * 1_000)]
    [InlineData("m", 10, 600_000)]
    [InlineData("h", -1, -3_600_000)]
    [InlineData("ns", -1, -1)] // down, not towards zero
    [InlineData("ns", -1_000_000, -1)]
    public async Task Timestamps_are_in_the_unit_that_is_said(string? precision, long timestamp, long milliseconds)
    {
        await SendAsync($"m x=1 {timestamp}", precision);

        Assert.Equal([$"__name__=m_x 1 @{milliseconds}"], _sink.Stored);
    }

    [Fact]
    public async Task A_line_without_a_timestamp_is_of_now()
    {
        await SendAsync("m x=1\nn x=2");

        Assert.All(_sink.Stored, stored => Assert.EndsWith($"@{_time.GetUtcNow().ToUnixTimeMilliseconds()}", stored));
    }

    [Theory]
    [InlineData("m", "no_fields", "line 2: no fields")]
    [InlineData("m,a=1", "no_fields", "line 2: no fields")]
    [InlineData(",a=1 x=1", "no_measurement", "line 2: no measurement")]
    [InlineData("m,a x=1", "tag", "line 2: a tag without")]
    [InlineData("m,a= x=1", "tag", "line 2: a tag without")]
    [InlineData("m,=1 x=1", "tag", "line 2: a tag without")]
    [InlineData("m, x=1", "tag", "line 2: a tag without")]
    [InlineData("m,a=1,a=2 x=1", "labels", "line 2: the tag 'a' is there twice")]
    [InlineData("m,__name__=y x=1", "bad_label", "line 2: '__name__' cannot be a tag")]
    [InlineData("m x", "field", "line 2: a field without a value")]
    [InlineData("m x=", "field", "line 2: a field without a value")]
    [InlineData("m =1", "field", "line 2: a field without a name")]
    [InlineData("m x=1,", "field", "line 2: a comma")]
    [InlineData("m x=\"a\"b", "field", "line 2: something behind a text")]
    [InlineData("m x=abc", "field_value", "line 2: 'abc' is no value")]
    [InlineData("m x=NaN", "field_value", "line 2: 'NaN' is no value")]
    [InlineData("m x=1e999", "field_value", "line 2: '1e999' is no value")]
    [InlineData("m x=9223372036854775808i", "field_value", "line 2: '9223372036854775808i' is no value")]
    [InlineData("m x=-1u", "field_value", "line 2: '-1u' is no value")]
    [InlineData("m x=1.5i", "field_value", "line 2: '1.5i' is no value")]
    [InlineData("m x=tRUE", "field_value", "line 2: 'tRUE' is no value")]
    [InlineData("m x=1 soon", "timestamp", "line 2: 'soon' is no timestamp")]
    [InlineData("m x=1 1.5", "timestamp", "line 2: '1.5' is no timestamp")]
    [InlineData("m x=1 1 2", "timestamp", "line 2: '1 2' is no timestamp")]
    [InlineData("m y=1,x= 5", "field", "line 2: a field without a value")] // and y is not stored
    public async Task A_line_that_is_wrong_is_named_and_the_others_are_stored(string line, string reason, string said)
    {
        var answer = await SendAsync($"good x=1 {Ns}\n{line}\ngood x=2 {Ns + 1_000_000}");

        Assert.Equal((400, 2L, "invalid"), (answer.Status, answer.Taken, answer.Code));
        Assert.StartsWith("partial write: 1 refused, 2 samples stored: ", answer.Message, StringComparison.Ordinal);
        Assert.Contains(said, answer.Message);
        Assert.Equal([$"__name__=good_x 1 @{Ms}", $"__name__=good_x 2 @{Ms + 1}"], _sink.Stored);
        Assert.Equal([("influx", reason, 1L)], _refusals.All);
    }

    [Fact]
    public async Task Lines_are_counted_as_an_editor_counts_them()
    {
        var answer = await SendAsync($"# one\nm s=\"two\nthree\",x=1 {Ns}\n\nm x=bad");

        Assert.Contains("line 5: 'bad'", answer.Message);
    }

    [Fact]
    public async Task A_text_that_does_not_end_is_named_at_its_line()
    {
        var answer = await SendAsync($"m x=1 {Ns}\nm s=\"open\nn x=1 {Ns}\n");

        Assert.Contains("line 2: a text that does not end", answer.Message);
        Assert.Equal(1, answer.Taken);
    }

    [Fact]
    public async Task Texts_are_no_error_and_counted()
    {
        var answer = await SendAsync($"m version=\"1.2\",x=1 {Ns}\nm only=\"text\" {Ns}");

        Assert.Equal((204, 1L, 2L), (answer.Status, answer.Taken, answer.Texts));
        Assert.Equal([("influx", "text_field", 2L)], _refusals.All);
    }

    [Fact]
    public async Task Names_and_tags_that_are_not_UTF_8_are_refused()
    {
        var answer = await AcceptAsync([.. "m,a="u8, 0xff, .. " x=1\nm "u8, 0xc0, 0x80, .. "=1\nm x=1"u8], null, null);

        Assert.Equal((400, 1L), (answer.Status, answer.Taken));
        Assert.Equal([("influx", "label_utf8", 2L)], _refusals.All);
    }

    [Theory]
    [InlineData(0, 204)]
    [InlineData(1, 400)]
    public async Task At_the_limits_of_labels_a_line_is_taken_and_beyond_it_is_not(int more, int status)
    {
        var limits = new InfluxLimits { Labels = new LabelLimits { CountMax = 3, NameBytesMax = 4, ValueBytesMax = 7, BytesMax = 26 } };
        string[] lines =
        [
            $"m,a=1,{(more == 0 ? "" : "b=2,")}c=3 x=1", $"m,{new string('n', 4 + more)}=1 x=1", $"m,a={new string('v', 7 + more)} x=1",
            $"m {new string('x', 5 + more)}=1", $"m,{new string('n', 4)}={new string('v', 5 + more)},b=c abcde=1",
        ];
        foreach (var line in lines)
            Assert.Equal((status, line), ((await SendAsync(line, limits: limits)).Status, line));
    }

    [Fact]
    public async Task Lines_like_those_before_are_known_by_the_stores_own_number()
    {
        _sink.KnowsSeries = true;
        var intake = Intake(new InfluxLimits());
        await AcceptAsync(intake, Encoding.UTF8.GetBytes(Telegraf(0)), null, null);
        var before = _sink.ByIdentity;
        await AcceptAsync(intake, Encoding.UTF8.GetBytes(Telegraf(1)), null, null);
        Assert.Equal((0, 60), (before, _sink.ByIdentity));

        _sink.Forget();
        var answer = await AcceptAsync(intake, Encoding.UTF8.GetBytes(Telegraf(2)), null, null);

        Assert.Equal((204, 60L), (answer.Status, answer.Taken));
        Assert.Equal(180, _sink.Stored.Count);
        Assert.Equal(_sink.Stored.Take(60).Select(NameOf), _sink.Stored.Skip(120).Select(NameOf));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Lines_like_those_before_allocate_nothing(bool storeKnowsSeries)
    {
        _sink.KnowsSeries = storeKnowsSeries;
        var reader = new InfluxReader(new InfluxLimits());
        long allocated = 0;
        for (var round = 0; round < 3; round++)
        {
            var chunk = Encoding.UTF8.GetBytes(Telegraf(round));
            reader.Begin(InfluxPrecision.Nanoseconds, DateTimeOffset.UnixEpoch);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var read = reader.Read(chunk, isLast: true);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(chunk.Length, read);
            Assert.True(reader.StoreAsync(_sink).IsCompletedSuccessfully);
        }

        Assert.Equal(0, allocated);
        Assert.Equal(180, _sink.Stored.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4_096)]
    public void However_a_body_is_cut_into_chunks_the_lines_are_the_same(int size)
    {
        var bytes = Encoding.UTF8.GetBytes(Telegraf(0) + "m s=\"two\nlines \\\" and more\",x=1 5\nlast x=2 6");
        var reader = new InfluxReader(new InfluxLimits());
        reader.Begin(InfluxPrecision.Nanoseconds, DateTimeOffset.UnixEpoch);
        var (held, at) = (Array.Empty<byte>(), 0);
        while (at < bytes.Length)
        {
            var next = Math.Min(size, bytes.Length - at);
            held = [.. held, .. bytes.AsSpan(at, next)];
            at += next;
            held = held[reader.Read(held, isLast: at == bytes.Length)..];
        }
        Assert.True(reader.StoreAsync(_sink).IsCompletedSuccessfully);

        Assert.Equal(62, _sink.Stored.Count);
        Assert.True(reader.Refused.IsEmpty, reader.Refused.ToString());
    }

    [Fact]
    public async Task A_packed_body_is_unpacked_as_it_is_read()
    {
        var lines = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"cpu,host=host-{i % 500},cpu=cpu{i % 8} usage_idle={i}.5,usage_user={i % 7}i {Ns + (i * 1_000_000L)}\n"));

        var answer = await AcceptAsync(Gzip(Encoding.UTF8.GetBytes(lines)), null, "gzip");

        Assert.Equal((204, 80_000L), (answer.Status, answer.Taken));
        Assert.True(_sink.Batches > 10, "it is stored in parts");
    }

    [Fact]
    public async Task A_packed_body_that_is_cut_off_or_damaged_is_said_to_be()
    {
        var lines = string.Concat(Enumerable.Range(0, 2_000).Select(i => $"m,i={i * 7919 % 10_007} x={i * 31 % 1_000} {Ns + i}\n"));
        var packed = Gzip(Encoding.UTF8.GetBytes(lines));
        foreach (var cut in (int[])[1, 5, 11, 200, packed.Length / 2, packed.Length - 9, packed.Length - 8, packed.Length - 1])
            Assert.Equal((cut, 400), (cut, (await AcceptAsync(packed[..cut], null, "gzip")).Status));
        packed[packed.Length / 2] ^= 0xff;
        Assert.Equal(400, (await AcceptAsync(packed, null, "gzip")).Status);
        Assert.Equal(400, (await AcceptAsync("not gzip"u8.ToArray(), null, "gzip")).Status);
    }

    [Theory]
    [InlineData(0, 204)]
    [InlineData(1, 413)]
    public async Task Bodies_have_limits_packed_and_unpacked(int more, int status)
    {
        var lines = Encoding.UTF8.GetBytes(Telegraf(0));
        var packed = Gzip(lines);

        Assert.Equal(status, (await AcceptAsync(lines, null, null, new InfluxLimits { PackedBytesMax = lines.Length - more })).Status);
        Assert.Equal(status, (await AcceptAsync(packed, null, "gzip", new InfluxLimits { PackedBytesMax = packed.Length - more })).Status);
        Assert.Equal(status, (await AcceptAsync(packed, null, "gzip", new InfluxLimits { DecodedBytesMax = lines.Length - more })).Status);
    }

    [Fact]
    public async Task A_bomb_is_not_unpacked()
    {
        var answer = await AcceptAsync(Gzip(new byte[20 << 20]), null, "gzip");

        Assert.Equal((413, "ratio"), (answer.Status, _refusals.All[^1].Reason));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("gzip")]
    public async Task A_line_that_is_too_long_costs_itself(string? encoding)
    {
        var limits = new InfluxLimits { LineBytesMax = 1_000 };
        var random = new Random(11); // what repeats itself would pass for a bomb
        string Noise(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => (char)random.Next('a', 'z')));
        string Line(int length) => $"m t=\"{Noise(length - 6)}\"";
        var exact = $"m,t={new string('x', 1_000 - 8)} x=1";
        var lines = Encoding.UTF8.GetBytes($"a x=1\n{exact}\n{Line(1_001)}\nm s=\"{Noise(500_000)}\"\nb x=1\n{Line(1_000_000)}");

        var answer = await AcceptAsync(encoding is null ? lines : Gzip(lines), null, encoding, limits);

        Assert.Equal((400, 3L), (answer.Status, answer.Taken));
        Assert.Equal([("influx", "line_limit", 3L)], _refusals.All);
        Assert.Contains("line 3: more than 1,000 bytes", answer.Message);
    }

    [Theory]
    [InlineData("rfc3339", null, 400)]
    [InlineData("ns", "br", 415)]
    public async Task What_is_not_understood_is_refused_before_the_body(string precision, string? encoding, int status)
    {
        Assert.Equal(status, (await AcceptAsync("m x=1"u8.ToArray(), precision, encoding)).Status);
        Assert.Empty(_sink.Stored);
    }

    [Fact]
    public async Task A_store_that_cannot_write_now_is_asked_again_later()
    {
        _sink.Refuses = (_, _) => "read_only";

        var answer = await SendAsync("m x=1");

        Assert.Equal((503, 10), (answer.Status, answer.RetryAfter));
    }

    [Fact]
    public async Task What_the_store_refuses_is_said()
    {
        _sink.Refuses = (series, _) => series.EndsWith("_b", StringComparison.Ordinal) ? "late" : null;

        var answer = await SendAsync("m a=1,b=2\nm b=3");

        Assert.Equal((400, 1L), (answer.Status, answer.Taken));
        Assert.Equal("partial write: 2 refused, 1 samples stored: __name__=m_b: refused as late", answer.Message);
    }

    [Fact]
    public void Mutated_lines_are_read_or_refused_and_never_more()
    {
        var random = new Random(8);
        var reader = new InfluxReader(new InfluxLimits());
        var bytes = Encoding.UTF8.GetBytes("cpu,host=a\\ b,città=Zürich usage=1.5,n=3i,ok=true,s=\"a \\\" b\" 1795190400123456789\ndisk free=12u\n# c\n");
        for (var round = 0; round < 50_000; round++)
        {
            var mutated = bytes.ToArray();
            for (var i = random.Next(1, 5); i > 0; i--)
                mutated[random.Next(mutated.Length)] = random.Next(2) == 0 ? ",= \\\"\n#\r"u8[random.Next(8)] : (byte)random.Next(256);
            reader.Begin(InfluxPrecision.Nanoseconds, DateTimeOffset.UnixEpoch);
            Assert.Equal(mutated.Length, reader.Read(mutated, isLast: true));
            Assert.True(reader.StoreAsync(_sink).IsCompletedSuccessfully); // the sink reads every key
            _sink.Stored.Clear();
        }
    }

    private static string NameOf(string stored) => stored.Split(' ')[0];

    // Ten seconds of Telegraf's cpu, mem and disk inputs as its serializer writes them.
    private static string Telegraf(int round) => string.Concat(Enumerable.Range(0, 10).Select(i =>
        $"cpu,cpu=cpu{i},host=permit-svc-1 usage_idle={90 + round}.25,usage_system={i}.5,usage_user=1.5 {Ns + (round * 10_000_000_000L)}\n"
        + $"mem,host=permit-svc-{i} available={1_000 + round}i,used_percent=41.5 {Ns + (round * 10_000_000_000L)}\n"
        + $"disk,device=sda{i},fstype=ext4,host=permit-svc-1,path=/ free=10i {Ns + (round * 10_000_000_000L)}\n"));

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    private InfluxIntake Intake(InfluxLimits limits) => new(_sink, _refusals, limits, _time);

    private Task<InfluxAnswer> SendAsync(string lines, string? precision = null, InfluxLimits? limits = null) => AcceptAsync(Encoding.UTF8.GetBytes(lines), precision, null, limits);

    private Task<InfluxAnswer> AcceptAsync(byte[] body, string? precision, string? encoding, InfluxLimits? limits = null) =>
        AcceptAsync(Intake(limits ?? new InfluxLimits()), body, precision, encoding);

    private static Task<InfluxAnswer> AcceptAsync(InfluxIntake intake, byte[] body, string? precision, string? encoding) =>
        intake.AcceptAsync(new InfluxRequestHead(precision, encoding, null), PipeReader.Create(new MemoryStream(body)), CancellationToken.None);
}
