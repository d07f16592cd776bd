using HmsOps.Observe.Tests.Wire;

namespace HmsOps.Observe.Tests.RemoteWrite;

/// <summary>One series as a test says it.</summary>
internal sealed record Sent(string Labels)
{
    public List<(double Value, long Time, long Start)> Samples { get; init; } = [];

    public List<Action<ProtoWriter>> Histograms { get; init; } = [];

    public List<(string Labels, double Value, long Time)> Exemplars { get; init; } = [];

    public (ulong Type, string Unit, string Help)? Metadata { get; init; }

    /// <summary><c>a=1,b=2</c></summary>
    public static IEnumerable<(string Name, string Value)> Pairs(string labels) =>
        labels.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(pair => (pair[..pair.IndexOf('=', StringComparison.Ordinal)], pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..]));
}

/// <summary>The encoder of the tests: messages of both versions.</summary>
internal static class WriteMessages
{
    public static byte[] One(params IEnumerable<Sent> series)
    {
        var message = new ProtoWriter();
        var all = series.ToList();
        foreach (var sent in all)
        {
            message.Message(1, s =>
            {
                foreach (var (name, value) in Sent.Pairs(sent.Labels))
                    s.Message(1, l => l.Text(1, name).Text(2, value));
                foreach (var (value, time, _) in sent.Samples)
                    s.Message(2, p => p.Double(1, value).Varint(2, (ulong)time));
                foreach (var (labels, value, time) in sent.Exemplars)
                {
                    s.Message(3, e =>
                    {
                        foreach (var (n, v) in Sent.Pairs(labels))
                            e.Message(1, l => l.Text(1, n).Text(2, v));
                        e.Double(2, value).Varint(3, (ulong)time);
                    });
                }
                foreach (var histogram in sent.Histograms)
                    s.Message(4, histogram);
            });
        }
        foreach (var sent in all.Where(s => s.Metadata is not null))
        {
            var (type, unit, help) = sent.Metadata.GetValueOrDefault();
            message.Message(3, m => m.Varint(1, type).Text(2, Sent.Pairs(sent.Labels).First(p => p.Name == "__name__").Value).Text(4, help).Text(5, unit));
        }
        return message.ToArray();
    }

    public static byte[] Two(params IEnumerable<Sent> series)
    {
        var symbols = new List<string> { "" };
        var message = new ProtoWriter();
        foreach (var sent in series)
        {
            message.Message(5, s =>
            {
                s.Packed(1, Refs(symbols, sent.Labels));
                foreach (var (value, time, start) in sent.Samples)
                {
                    s.Message(2, p =>
                    {
                        p.Double(1, value).Varint(2, (ulong)time);
                        if (start != 0)
                            p.Varint(3, (ulong)start);
                    });
                }
                foreach (var histogram in sent.Histograms)
                    s.Message(3, histogram);
                foreach (var (labels, value, time) in sent.Exemplars)
                    s.Message(4, e => e.Packed(1, Refs(symbols, labels)).Double(2, value).Varint(3, (ulong)time));
                if (sent.Metadata is { } said)
                    s.Message(5, m => m.Varint(1, said.Type).Varint(3, Ref(symbols, said.Help)).Varint(4, Ref(symbols, said.Unit)));
            });
        }
        var whole = new ProtoWriter();
        foreach (var symbol in symbols)
            whole.Text(4, symbol);
        return [.. whole.ToArray(), .. message.ToArray()];
    }

    private static List<ulong> Refs(List<string> symbols, string labels) =>
        [.. Sent.Pairs(labels).SelectMany(pair => new[] { Ref(symbols, pair.Name), Ref(symbols, pair.Value) })];

    private static ulong Ref(List<string> symbols, string text)
    {
        if (!symbols.Contains(text))
            symbols.Add(text);
        return (ulong)symbols.IndexOf(text);
    }
}
