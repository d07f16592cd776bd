using System.Buffers;
using System.Text;
using HmsOps.Series;

namespace HmsOps.Tsdb.Tests.Intake;

/// <summary>Keys as senders write them: every way the wire allows finds the same series, what is none is refused by name.</summary>
public sealed class KeyTests
{
    private readonly StoreWorld _world = new();

    [Theory]
    [InlineData("__name__=m a=1", "1 taken")]
    [InlineData("a=1 __name__=m", "1 taken")] // unsorted
    [InlineData("a=1 b= __name__=m", "1 taken")] // an empty value is an absent label
    [InlineData("a:1 __name__=m", "1 taken")] // the value before the name
    [InlineData("a~1 __name__=m", "1 taken")] // a field that this version does not know
    [InlineData("a=1 a=1 __name__=m", "0 taken, 0 duplicate_label")]
    [InlineData("=1 __name__=m", "0 taken, 0 empty_label_name")]
    [InlineData("a=\u00ff __name__=m", "0 taken, 0 invalid_utf8")]
    [InlineData("\u00ff=1 __name__=m", "0 taken, 0 invalid_utf8")]
    [InlineData("a!1 __name__=m", "0 taken, 0 labels")] // a length that reaches too far
    [InlineData("", "0 taken, 0 no_labels")]
    [InlineData("a=", "0 taken, 0 no_labels")]
    public void A_key_is_read_as_it_comes(string key, string outcome) => _world.Live(End.Killed, async (store, time) =>
    {
        for (var round = 0; round < 2; round++)
        {
            var batch = new SampleBatch();
            batch.Borrow(Wire(key));
            batch.Add(batch.AddSeries(0, Wire(key).Length), time.Ms(), 1);
            Assert.Equal(outcome, (await store.AppendAsync(batch, CancellationToken.None)).Reasons());
            Assert.Equal(outcome[0] == '0', batch.Identities[0] == default);
        }
        Assert.Equal(outcome[0] - '0', store.Counts.Series);
        if (outcome[0] == '1')
            Assert.StartsWith("m{a=\"1\"} ", store.Dump());
    });

    [Fact]
    public void Two_ways_of_writing_one_series_meet_in_one_batch() => _world.Live(End.Stopped, async (store, time) =>
    {
        var batch = new SampleBatch();
        batch.Add(batch.AddSeries(Wire("a=1 __name__=m")), time.Ms(), 1);
        batch.Add(batch.AddSeries(Wire("__name__=m a=1")), time.Ms(), 1);
        batch.Add(batch.AddSeries(Wire("b= __name__=m a=1")), time.Ms() + 1, 2);
        Assert.Equal("3 taken", (await store.AppendAsync(batch, CancellationToken.None)).Reasons());
        Assert.Equal((1, 2L), (store.Counts.Series, store.Counts.Samples));
        Assert.Single(batch.Identities.ToArray().Distinct());
    });

    [Fact]
    public void What_the_store_knows_a_series_by_spares_its_labels() => _world.Live(End.Stopped, async (store, time) =>
    {
        var batch = new SampleBatch();
        batch.Add(batch.AddSeries(Wire("a=1 __name__=m")), time.Ms(), 1);
        await store.AppendAsync(batch, CancellationToken.None);
        var identity = batch.Identities[0];
        batch.Clear();
        batch.Add(batch.AddSeries(identity), time.Ms() + 1, 2);
        batch.Add(batch.AddSeries((UInt128)77), time.Ms() + 1, 2);
        Assert.Equal("1 taken, 1 unknown_series", (await store.AppendAsync(batch, CancellationToken.None)).Reasons());
        Assert.Equal(identity, batch.Identities[0]);
        Assert.Equal(default, batch.Identities[1]);
    });

    [Fact]
    public void Bytes_that_are_anything_are_refused_or_taken_and_never_more()
    {
        var dice = new Random(3);
        _world.Live(End.Stopped, async (store, time) =>
        {
            for (var i = 0; i < 2_000; i++)
            {
                var key = Wire("__name__=m a=1 instance=localhost");
                for (var flips = dice.Next(1, 4); flips > 0; flips--)
                    key[dice.Next(key.Length)] = (byte)dice.Next(256);
                var batch = new SampleBatch();
                batch.Add(batch.AddSeries(key.AsSpan(0, dice.Next(key.Length + 1))), time.Ms(), 1);
                var result = await store.AppendAsync(batch, CancellationToken.None);
                Assert.Equal(1, result.Taken + result.Refused.Count);
            }
            Assert.All(store.Series(new Selection([], 0, long.MaxValue), int.MaxValue, CancellationToken.None), labels => Assert.True(Labels.IsCanonical(labels.Bytes)));
        });
    }

    // name=value; with ':' the value comes first, with '~' a field of number 3 follows, with '!' the label says that it is longer than it is. ÿ is a byte that is no UTF-8.
    private static byte[] Wire(string labels)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var label in labels.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = label.IndexOfAny(['=', ':', '~', '!']);
            var (name, value) = (Field(0x0a, label[..at]), Field(0x12, label[(at + 1)..]));
            byte[] inner = label[at] switch
            {
                ':' => [.. value, .. name],
                '~' => [.. name, .. value, 0x18, 0x05],
                _ => [.. name, .. value],
            };
            byte[] field = [0x0a, (byte)(inner.Length + (label[at] == '!' ? 100 : 0)), .. inner];
            bytes.Write(field.AsSpan());
        }
        return bytes.WrittenSpan.ToArray();
    }

    private static byte[] Field(byte tag, string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        return [tag, (byte)bytes.Length, .. bytes];
    }
}
