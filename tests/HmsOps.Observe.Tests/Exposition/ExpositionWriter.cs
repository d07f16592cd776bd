using System.Text;
using HmsOps.Observe.Exposition;
using HmsOps.Series;

namespace HmsOps.Observe.Tests.Exposition;

/// <summary>Writes bodies by the rules of a format, and beside each what reading it has to find.</summary>
internal static class ExpositionWriter
{
    private static readonly string[] Pieces = ["a", "le", "x y", "\\", "\"", "\n", "ü", "€", "{", "}", ",", "=", "#", "𝄞", " "];

    public static (string Body, string Expected) Write(Random dice, ExpositionFormat format)
    {
        var body = new StringBuilder();
        var expected = new List<string>();
        var open = format == ExpositionFormat.OpenMetrics;
        for (var family = dice.Next(1, 4); family > 0; family--)
        {
            var name = $"m{family}{(dice.Next(2) == 0 ? "" : ".u")}";
            body.Append($"# TYPE {(name.Contains('.') ? $"\"{name}\"" : name)} gauge\n");
            expected.Add($"{name} Type: gauge");
            for (var n = dice.Next(0, 4); n > 0; n--)
                WriteSample(dice, name, open, body, expected);
        }
        if (open)
            body.Append("# EOF\n");
        return (body.ToString(), string.Join('\n', expected));
    }

    private static void WriteSample(Random dice, string name, bool open, StringBuilder body, List<string> expected)
    {
        var labels = new LabelsBuilder().Set("__name__", name);
        var pairs = new List<string>();
        if (name.Contains('.'))
            pairs.Add($"\"{name}\"");
        for (var i = dice.Next(0, 4); i > 0; i--)
        {
            var value = string.Concat(Enumerable.Range(0, dice.Next(0, 5)).Select(_ => Pieces[dice.Next(Pieces.Length)]));
            labels.Set($"l{i}", value);
            pairs.Add($"l{i}=\"{value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n")}\"");
        }
        var number = Math.Round((dice.NextDouble() - 0.5) * 1_000, dice.Next(0, 12));
        long? time = dice.Next(3) == 0 ? dice.NextInt64(0, 4_000_000_000) * 500 : null;
        body.Append(name.Contains('.') ? "" : name).Append(pairs.Count > 0 ? $"{{{string.Join(',', pairs)}}}" : "").Append(' ').Append(Readings.Text(number));
        if (time is { } ms)
            body.Append(' ').Append(open ? Readings.Text(ms / 1_000.0) : Readings.Text(ms));
        body.Append('\n');
        expected.Add($"{labels.Build()} {Readings.Text(number)}{(time is null ? "" : $" @{time}")}");
    }
}

/// <summary>One small damage to bytes.</summary>
internal static class Mutation
{
    public static byte[] Of(byte[] bytes, Random dice)
    {
        var at = dice.Next(bytes.Length);
        switch (dice.Next(5))
        {
            case 0:
                return bytes[..at];
            case 1:
                bytes[at] ^= (byte)(1 << dice.Next(8));
                return bytes;
            case 2:
                return [.. bytes[..at], (byte)dice.Next(256), .. bytes[at..]];
            case 3:
                return [.. bytes[..at], .. bytes[(at + 1)..]];
            default:
                var end = Math.Min(bytes.Length, at + dice.Next(1, 40));
                return [.. bytes[..end], .. bytes[at..]];
        }
    }
}
