using System.Buffers;
using System.Text;
using HmsOps.Observe.Exposition;
using HmsOps.Series;

namespace HmsOps.Observe.Federation;

/// <summary>The newest sample of each series that was found, each series once, in the order of names. Series that have ended, and such without a name, are left out.</summary>
public sealed class FederatedSamples(FederationForm form)
{
    private readonly List<FederatedSample> _samples = [];
    private readonly HashSet<Labels> _known = [];

    public int Count => _samples.Count;

    /// <summary>Takes the newest sample of a series, unless its series is there already.</summary>
    public void Add(in SeriesView series)
    {
        if (series.Times.IsEmpty)
            return;
        var last = series.Times.Length - 1;
        var histogram = series.Histograms.IsEmpty ? null : series.Histograms[last];
        if (StaleMarker.Is(histogram?.Sum ?? series.Values[last]) || series.Labels.Get(Labels.MetricName).IsEmpty)
            return;
        var labels = Named(series.Labels.Copy()); // the walk's own may lie where the next one is put
        if (_known.Add(labels))
            _samples.Add(new FederatedSample(labels, labels.Name, series.Times[last], series.Values[last], histogram));
    }

    /// <summary>Writes them all.</summary>
    public void Write(IBufferWriter<byte> into, Func<string, MetricMetadata?> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        // Several selectors, and escaped names, come out of order.
        _samples.Sort(static (a, b) => Labels.CompareRows(a.Labels, b.Labels));
        var families = Families(metadata);
        if (form.Format == ExpositionFormat.Protobuf)
            ProtobufPage.Write(into, families);
        else
            TextPage.Write(into, families, form.Format == ExpositionFormat.OpenMetrics);
    }

    /// <summary>Neighbours of one name and one kind.</summary>
    private List<FederatedFamily> Families(Func<string, MetricMetadata?> metadata)
    {
        var families = new List<FederatedFamily>();
        foreach (var byName in _samples.GroupBy(sample => sample.Name, StringComparer.Ordinal)) // keeps the order in which names first come
        {
            foreach (var kind in byName.GroupBy(sample => sample.Histogram is null ? FamilyKind.Unknown : sample.Histogram.IsGauge ? FamilyKind.GaugeHistogram : FamilyKind.Histogram))
            {
                var said = metadata(byName.Key);
                families.Add(new FederatedFamily(byName.Key, kind.Key == FamilyKind.Unknown ? KindOf(byName.Key, said, metadata) : kind.Key, said?.Help ?? "", [.. kind]));
            }
        }
        return families;
    }

    // The parts of a classic histogram or summary are sent as series of their own: each of unknown kind, for its family is not whole.
    private static FamilyKind KindOf(string name, MetricMetadata? said, Func<string, MetricMetadata?> metadata)
    {
        const string Total = "_total";
        var type = said?.Type ?? (name.EndsWith(Total, StringComparison.Ordinal) && metadata(name[..^Total.Length]) is { Type: "counter" } counter ? counter.Type : null);
        return type switch { "counter" => FamilyKind.Counter, "gauge" => FamilyKind.Gauge, _ => FamilyKind.Unknown };
    }

    private Labels Named(Labels labels)
    {
        if (form.Escaping == NameEscaping.None)
            return labels;
        foreach (var label in labels)
        {
            var isName = label.Name.SequenceEqual(Labels.MetricName);
            if (!IsPlain(isName ? label.Value : label.Name, colon: isName))
                return Escape(labels);
        }
        return labels;
    }

    private Labels Escape(Labels labels)
    {
        var builder = new LabelsBuilder();
        foreach (var label in labels)
        {
            var isName = label.Name.SequenceEqual(Labels.MetricName);
            var (name, value) = (Encoding.UTF8.GetString(label.Name), Encoding.UTF8.GetString(label.Value));
            builder.Set(isName ? name : Escape(name), isName ? Escape(value) : value);
        }
        return builder.Build();
    }

    private string Escape(string name) => form.Escaping == NameEscaping.Values ? EscapedName.Escape(name) : EscapedName.Underscored(name);

    private static bool IsPlain(ReadOnlySpan<byte> name, bool colon)
    {
        for (var i = 0; i < name.Length; i++)
        {
            if (!char.IsAsciiLetter((char)name[i]) && name[i] != '_' && !(colon && name[i] == ':') && !(i > 0 && char.IsAsciiDigit((char)name[i])))
                return false;
        }
        return true;
    }
}

/// <summary>One series with its newest sample.</summary>
internal sealed record FederatedSample(Labels Labels, string Name, long Time, double Value, NativeHistogram? Histogram);

/// <summary>Samples of one name and kind.</summary>
internal sealed record FederatedFamily(string Name, FamilyKind Kind, string Help, IReadOnlyList<FederatedSample> Samples);
