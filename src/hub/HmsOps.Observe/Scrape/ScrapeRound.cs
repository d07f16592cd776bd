using System.Text;
using HmsOps.Observe.Exposition;
using HmsOps.Observe.Scrape.Relabelling;
using HmsOps.Series;
using HmsOps.Workspace.Scraping;

namespace HmsOps.Observe.Scrape;

/// <summary>
/// One answer of one target on its way into a batch: each series is recognised or read, relabelled and checked once; then its samples cost what
/// <see cref="SeriesMemory"/> says. Nothing leaves before the whole answer was read.
/// </summary>
internal sealed class ScrapeRound(SeriesMemory memory, FamilyMemory families, ScrapeLimits limits)
{
    private readonly LabelDraft _sent = new();
    private readonly LabelDraft _labels = new();
    private readonly List<int> _entries = []; // of each sample of the batch
    private SampleBatch _batch = new();
    private ScrapeSet _set = new() { Job = "", Citation = "" };
    private Labels _own;
    private long _time;
    private int _samplesMax;
    private bool _again;

    /// <summary>Samples in the answer.</summary>
    public int Scraped { get; private set; }

    /// <summary>Of these, the ones relabelling left.</summary>
    public int Kept { get; private set; }

    /// <summary>Series that are new.</summary>
    public int Added { get; private set; }

    /// <summary>Samples of a series that was in the answer already.</summary>
    public int Twice { get; private set; }

    /// <summary>Of each sample of the batch, the place of its series in the memory.</summary>
    public IReadOnlyList<int> Entries => _entries;

    /// <summary>Begins an answer.</summary>
    public void Begin(ScrapeTarget target, long time, SampleBatch batch)
    {
        (_set, _own, _time, _batch, _again) = (target.Set, target.Labels, time, batch, false);
        _samplesMax = Math.Min(target.Set.SampleLimit ?? limits.SamplesMax, limits.SamplesMax);
        (Scraped, Kept, Added, Twice) = (0, 0, 0, 0);
        _entries.Clear();
        memory.Begin();
    }

    /// <summary>Reads it; null when it was read to its end.</summary>
    public ExpositionFlaw? Read(ReadOnlySpan<byte> body, ExpositionFormat format) => format == ExpositionFormat.Protobuf
        ? ProtobufExposition<Taker>.Read(body, _set.ClassicToo, new Taker(this))
        : TextExposition<Taker>.Read(body, format == ExpositionFormat.OpenMetrics, limits.LineBytesMax, new Taker(this));

    /// <summary>Reads it once more, for the series alone whose short names the store has forgotten, with their labels.</summary>
    public ExpositionFlaw? ReadAgain(ReadOnlySpan<byte> body, ExpositionFormat format, SampleBatch batch)
    {
        (_batch, _again) = (batch, true);
        _entries.Clear();
        return Read(body, format);
    }

    private TakeFault? Take(in SeriesKey key, double value, NativeHistogram? histogram, long? sent, long start)
    {
        if (!_again && ++Scraped > limits.SamplesMax)
            return new TakeFault(-1, $"it sends more than {limits.SamplesMax:n0} samples (limits.scrape.samples)");
        var at = memory.Find(TextHash.Of(key.Text));
        if (_again)
            return at >= 0 && memory[at] is { State: EntryState.Known, Identity: var known, Key: null } && known == 0 ? TakeAgain(at, key, value, histogram, sent, start) : null;
        if (at < 0 && ReadNew(key, out at) is { } fault)
            return fault;
        ref var entry = ref memory[at];
        var hasTime = _set.HonorTimestamps && sent is not null;
        if (!memory.See(at) && !hasTime)
        {
            Twice++;
            return null;
        }
        if (entry.State == EntryState.Dropped)
            return null;
        if (++Kept > _samplesMax)
            return new TakeFault(-1, $"it sends more than {_samplesMax:n0} samples (sample_limit of {_set.Citation}, limits.scrape.samples)");
        entry.IsLive = !hasTime || _set.TrackTimestamps;
        entry.IsHistogram = histogram is not null;
        var place = entry.Identity != 0 ? _batch.AddSeries(entry.Identity) : _batch.AddSeries(entry.Key);
        Add(at, place, value, histogram, hasTime ? sent.GetValueOrDefault() : _time, start);
        return null;
    }

    // Only what was found new a moment ago comes here with no key: the store answers with what it knows a series by, or the key is kept.
    private TakeFault? TakeAgain(int at, in SeriesKey key, double value, NativeHistogram? histogram, long? sent, long start)
    {
        if (SeriesText.Read(key, _sent) is { } fault)
            return fault;
        Place();
        if (Relabeller.Keeps(_labels, _set.MetricRelabel))
            Add(at, _batch.AddSeries(_labels.Build()), value, histogram, _set.HonorTimestamps && sent is { } time ? time : _time, start);
        return null;
    }

    private void Add(int entry, int place, double value, NativeHistogram? histogram, long time, long start)
    {
        if (histogram is null)
            _batch.Add(place, time, value, start);
        else
            _batch.Add(place, time, histogram, start);
        _entries.Add(entry);
    }

    private TakeFault? ReadNew(in SeriesKey key, out int at)
    {
        at = -1;
        if (SeriesText.Read(key, _sent) is { } fault || (fault = Over()) is not null)
            return fault;
        Place();
        var keeps = Relabeller.Keeps(_labels, _set.MetricRelabel);
        var hash = TextHash.Of(key.Text);
        if (keeps && _labels.Get("__name__").Length == 0)
            return new TakeFault(0, "the series has no name after relabelling; drop it, or leave __name__ alone");
        at = memory.Add(hash);
        ref var entry = ref memory[at];
        if (!keeps)
        {
            entry.State = EntryState.Dropped;
            return null;
        }
        Added++;
        entry.Key = _labels.Build().Bytes.ToArray();
        entry.Labels = (ulong)TextHash.Of(entry.Key);
        return null;
    }

    // Limits hold for what was sent: what a target may say is not for its labels' rewriting to widen.
    private TakeFault? Over()
    {
        var most = Math.Min(_set.LabelLimit ?? limits.Labels.CountMax, limits.Labels.CountMax);
        if (_sent.Count > most)
            return new TakeFault(0, $"the series has {_sent.Count:n0} labels; {most} is the most (label_limit, limits.labels.count)");
        var total = 0;
        foreach (var (name, value) in _sent.All)
        {
            var (nameBytes, valueBytes) = (Encoding.UTF8.GetByteCount(name), Encoding.UTF8.GetByteCount(value));
            total += nameBytes + valueBytes;
            if (nameBytes > limits.Labels.NameBytesMax)
                return new TakeFault(0, $"a label's name has {nameBytes:n0} bytes; {limits.Labels.NameBytesMax:n0} is the most (limits.labels.name)");
            if (valueBytes > limits.Labels.ValueBytesMax)
                return new TakeFault(0, $"the value of the label {LabelNames.Quote(name)} has {valueBytes:n0} bytes; {limits.Labels.ValueBytesMax:n0} is the most (limits.labels.value)");
        }
        return total <= limits.Labels.BytesMax ? null : new TakeFault(0, $"the series' labels have {total:n0} bytes; {limits.Labels.BytesMax:n0} is the most (limits.labels.total)");
    }

    // Our labels and theirs: where both have one, honor_labels says whose stays; ours win as exported_… else.
    private void Place()
    {
        _labels.Clear();
        foreach (var (name, value) in _sent.All)
            _labels.Set(name, value);
        foreach (var label in _own)
        {
            var (name, value) = (Encoding.UTF8.GetString(label.Name), Encoding.UTF8.GetString(label.Value));
            var theirs = _sent.Has(name);
            if (_set.HonorLabels && theirs)
                continue;
            if (theirs && _sent.Get(name) is { Length: > 0 } kept)
            {
                var exported = $"exported_{name}";
                while (_labels.Has(exported) || !_own.Get(Encoding.UTF8.GetBytes(exported)).IsEmpty)
                    exported = $"exported_{exported}";
                _labels.Set(exported, kept);
            }
            _labels.Set(name, value);
        }
    }

    private void Say(ReadOnlySpan<byte> family, FamilyWord word, ReadOnlySpan<byte> text, bool isEscaped) => families.Say(family, word, text, isEscaped);

    /// <summary>What the readers are compiled for.</summary>
    private readonly struct Taker(ScrapeRound round) : IExpositionTaker
    {
        public TakeFault? Sample(in SeriesKey key, double value, long? time, long start) => round.Take(key, value, null, time, start);

        public TakeFault? Histogram(in SeriesKey key, NativeHistogram histogram, long? time, long start) => round.Take(key, 0, histogram, time, start);

        public void Exemplar(Labels labels, double value, long? time)
        {
            if (!round._again && round._batch.Count > 0)
                round._batch.Exemplars.Add(new Exemplar(round._batch.SampleSeries[^1], labels, time ?? round._time, value));
        }

        public void Describe(ReadOnlySpan<byte> family, FamilyWord word, ReadOnlySpan<byte> text, bool isEscaped)
        {
            if (!round._again)
                round.Say(family, word, text, isEscaped);
        }
    }
}
