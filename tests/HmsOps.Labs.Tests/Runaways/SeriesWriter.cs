using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Runaways;

/// <summary>Bodies of remote write 1.0, put together series by series: a million of them should not take longer than their intake.</summary>
internal sealed class SeriesWriter : IDisposable
{
    private readonly MemoryStream _series = new();
    private readonly MemoryStream _labels = new();

    public int Samples { get; private set; }

    /// <summary>A series with some samples.</summary>
    public SeriesWriter Add(string name, (string Name, string Value)[] labels, params ReadOnlySpan<(long Time, double Value)> samples)
    {
        _labels.SetLength(0);
        AddLabel("__name__", name);
        foreach (var (label, value) in labels)
            AddLabel(label, value);
        Span<byte> sample = stackalloc byte[20];
        foreach (var (time, value) in samples)
        {
            sample[0] = (1 << 3) | 1;
            BinaryPrimitives.WriteDoubleLittleEndian(sample[1..], value);
            sample[9] = 2 << 3;
            var length = 10 + Varint(sample[10..], (ulong)time);
            Field(_labels, 2, sample[..length]);
        }
        Field(_series, 1, _labels.GetBuffer().AsSpan(0, (int)_labels.Length));
        Samples += samples.Length;
        return this;
    }

    /// <summary>Sends it; fails where it is not taken.</summary>
    public async Task SendAsync(RunningHub hub)
    {
        using var body = new ByteArrayContent(Wire.Snap(_series.GetBuffer().AsSpan(0, (int)_series.Length)));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        body.Headers.ContentEncoding.Add("snappy");
        using var answer = await hub.Http.PostAsync(new Uri("/api/v1/write", UriKind.Relative), body);
        Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    public void Dispose()
    {
        _series.Dispose();
        _labels.Dispose();
    }

    private void AddLabel(string name, string value)
    {
        var (nameLength, valueLength) = (Encoding.UTF8.GetByteCount(name), Encoding.UTF8.GetByteCount(value));
        Span<byte> label = new byte[nameLength + valueLength + 12];
        label[0] = (1 << 3) | 2;
        var at = 1 + Varint(label[1..], (ulong)nameLength);
        at += Encoding.UTF8.GetBytes(name, label[at..]);
        label[at++] = (2 << 3) | 2;
        at += Varint(label[at..], (ulong)valueLength);
        at += Encoding.UTF8.GetBytes(value, label[at..]);
        Field(_labels, 1, label[..at]);
    }

    private static void Field(MemoryStream into, int number, ReadOnlySpan<byte> content)
    {
        Span<byte> head = stackalloc byte[12];
        head[0] = (byte)((number << 3) | 2);
        into.Write(head[..(1 + Varint(head[1..], (ulong)content.Length))]);
        into.Write(content);
    }

    private static int Varint(Span<byte> into, ulong value)
    {
        var at = 0;
        for (; value >= 0x80; value >>= 7)
            into[at++] = (byte)(value | 0x80);
        into[at++] = (byte)value;
        return at;
    }
}
