using System.Buffers;
using System.Globalization;
using System.Text;
using HmsOps.Observe.Exposition;
using HmsOps.Series;

namespace HmsOps.Observe.Federation;

/// <summary>Writes samples as Prometheus text 0.0.4 or 1.0.0, or as OpenMetrics 1.0.0. Native histograms have no place in either and are left out; text says so.</summary>
internal static class TextPage
{
    private const string Total = "_total";

    public static void Write(IBufferWriter<byte> into, IReadOnlyList<FederatedFamily> families, bool isOpenMetrics)
    {
        var described = new HashSet<string>(StringComparer.Ordinal);
        var leftOut = 0;
        foreach (var family in families)
        {
            if (family.Samples[0].Histogram is not null)
            {
                leftOut += family.Samples.Count;
                continue;
            }
            Describe(into, family, isOpenMetrics, described);
            foreach (var sample in family.Samples)
                Write(into, sample, isOpenMetrics);
        }
        if (isOpenMetrics)
            Put(into, "# EOF\n");
        else if (leftOut > 0)
            Put(into, string.Create(CultureInfo.InvariantCulture, $"# {leftOut} native histograms are left out: only protobuf carries them\n"));
    }

    private static void Describe(IBufferWriter<byte> into, FederatedFamily family, bool isOpenMetrics, HashSet<string> described)
    {
        var (name, kind) = (family.Name, family.Kind);
        if (isOpenMetrics && kind == FamilyKind.Counter)
        {
            // There a counter's family is called without the ending; and no two families may be called the same.
            if (name.EndsWith(Total, StringComparison.Ordinal) && described.Add(name[..^Total.Length]))
                name = name[..^Total.Length];
            else
                kind = FamilyKind.Unknown;
        }
        if (name == family.Name && !described.Add(name))
            return;
        var word = !isOpenMetrics && kind == FamilyKind.Unknown ? "untyped" : Encoding.UTF8.GetString(FamilyKinds.WordOf(kind));
        var shown = LabelNames.IsLegacyMetricName(name) ? name : Quoted(name);
        if (family.Help.Length > 0)
            Put(into, $"# HELP {shown} {(isOpenMetrics ? Escaped(family.Help) : Escaped(family.Help).Replace("\\\"", "\"", StringComparison.Ordinal))}\n");
        Put(into, $"# TYPE {shown} {word}\n");
    }

    private static void Write(IBufferWriter<byte> into, FederatedSample sample, bool isOpenMetrics)
    {
        var line = new StringBuilder(128);
        var isPlain = LabelNames.IsLegacyMetricName(sample.Name);
        if (isPlain)
            line.Append(sample.Name);
        var open = false;
        if (!isPlain)
        {
            line.Append('{').Append(Quoted(sample.Name));
            open = true;
        }
        foreach (var label in sample.Labels)
        {
            if (label.Name.SequenceEqual(Labels.MetricName))
                continue;
            line.Append(open ? ',' : '{');
            open = true;
            var name = Encoding.UTF8.GetString(label.Name);
            line.Append(LabelNames.IsLegacyLabelName(name) ? name : Quoted(name)).Append('=').Append(Quoted(Encoding.UTF8.GetString(label.Value)));
        }
        if (open)
            line.Append('}');
        line.Append(' ').Append(NumberText.Short(sample.Value)).Append(' ');
        if (isOpenMetrics)
            line.Append(CultureInfo.InvariantCulture, $"{sample.Time / 1_000m}");
        else
            line.Append(CultureInfo.InvariantCulture, $"{sample.Time}");
        Put(into, line.Append('\n').ToString());
    }

    private static string Quoted(string text) => $"\"{Escaped(text)}\"";

    private static string Escaped(string text) =>
        text.AsSpan().IndexOfAny('\\', '"', '\n') < 0
            ? text
            : text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static void Put(IBufferWriter<byte> into, string text) => Encoding.UTF8.GetBytes(text, into);
}
