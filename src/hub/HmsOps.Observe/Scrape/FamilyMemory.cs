using System.Text;
using HmsOps.Observe.Exposition;
using HmsOps.Series;

namespace HmsOps.Observe.Scrape;

/// <summary>What a target says about its metrics. Text that was said before costs a hash; what is new or different goes into the next batch.</summary>
internal sealed class FamilyMemory
{
    private const int FamiliesMax = 10_000; // a target has hundreds; past this nothing more is remembered, and samples are taken all the same
    private const int TextMax = 1_024; // bytes of a help text that are kept

    private readonly Dictionary<UInt128, Family> _families = [];
    private readonly List<Family> _changed = [];

    // Read by the API beside the loop that writes: swapped in whole.
    private IReadOnlyList<MetricMetadata> _said = [];

    /// <summary>Everything that was said, by the metrics' names.</summary>
    public IReadOnlyList<MetricMetadata> Said => Volatile.Read(ref _said);

    public void Say(ReadOnlySpan<byte> family, FamilyWord word, ReadOnlySpan<byte> text, bool isEscaped)
    {
        var key = TextHash.Of(family);
        if (!_families.TryGetValue(key, out var known))
        {
            if (_families.Count == FamiliesMax)
                return;
            _families.Add(key, known = new Family(Encoding.UTF8.GetString(family)));
        }
        var hash = (ulong)TextHash.Of(text);
        ref var before = ref known.Hashes[(int)word];
        if (before == hash)
            return;
        before = hash;
        var kept = text.Length > TextMax ? text[..TextMax] : text;
        known.Texts[(int)word] = isEscaped ? SeriesText.Unescape(kept) : Encoding.UTF8.GetString(kept);
        if (!known.IsChanged)
            _changed.Add(known);
        known.IsChanged = true;
    }

    /// <summary>Hands what changed to a batch that is about to be stored.</summary>
    public void Give(SampleBatch batch)
    {
        if (_changed.Count == 0)
            return;
        foreach (var family in _changed)
        {
            family.IsChanged = false;
            batch.Metadata.Add(family.Metadata);
        }
        _changed.Clear();
        Volatile.Write(ref _said, [.. _families.Values.Select(family => family.Metadata).OrderBy(each => each.Metric, StringComparer.Ordinal)]);
    }

    private sealed class Family(string name)
    {
        public ulong[] Hashes { get; } = new ulong[3];

        public string[] Texts { get; } = ["", "unknown", ""];

        public bool IsChanged { get; set; }

        public MetricMetadata Metadata => new(name, Texts[(int)FamilyWord.Type], Texts[(int)FamilyWord.Unit], Texts[(int)FamilyWord.Help]);
    }
}
