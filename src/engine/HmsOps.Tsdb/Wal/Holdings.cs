using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Observations;
using HmsOps.Tsdb.Outgoing;

namespace HmsOps.Tsdb.Wal;

/// <summary>
/// What the frames of the log are folded into. The head is changed for a smaller one when enough of its series are forgotten: who writes asks for it anew in each hold of
/// the turn; who reads asks once, and stays with what it got.
/// </summary>
internal sealed class Holdings : ISampleColumns
{
    private volatile SeriesHead _head;
    private volatile ExemplarRing _exemplars;

    private Holdings(SeriesHead head, MetricStoreOptions options)
    {
        (_head, _exemplars) = (head, new ExemplarRing(options.ExemplarsMax));
        (Ids, Descriptions) = (new ObservationIds(options.IdsMax), new MetricDescriptions());
        Closer = new SecondCloser(options.ObservedLife, this);
    }

    public SeriesHead Head => _head;

    /// <summary>Those of the head's series. Under its lock.</summary>
    public ExemplarRing Exemplars => _exemplars;

    public SecondCloser Closer { get; }

    public ObservationIds Ids { get; }

    /// <summary>What readers may see anew.</summary>
    public RecentChanges Changes { get; } = new();

    public MetricDescriptions Descriptions { get; }

    /// <summary>Those of a store, around a head.</summary>
    public static Holdings Of(SeriesHead head, MetricStoreOptions options) => new(head, options);

    /// <summary>Goes on with another head, whose lock is that of the one before. The holder of the turn's.</summary>
    public void GoOnWith(SeriesHead head, ExemplarRing exemplars)
    {
        lock (_head.Lock)
            (_head, _exemplars) = (head, exemplars);
    }

    /// <summary>What is taken is passed on through it; null: it is not passed on.</summary>
    public OutgoingSamples? Outgoing { get; set; }

    /// <summary>The sequence behind the batch that is applied.</summary>
    public long Applying { get; set; }

    /// <inheritdoc/>
    public void Append(OpenSeries open, long time, bool isDue)
    {
        if (_head.Append(open, time) && Outgoing is { } outgoing)
            PassOn(outgoing, open, time, isDue);
        Changes.Note(time);
    }

    /// <inheritdoc/>
    public void ClosedUpTo(long time) => Outgoing?.ClosedUpTo(time);

    private void PassOn(OutgoingSamples outgoing, OpenSeries open, long time, bool isDue)
    {
        var bits = open is OpenCounter counter ? BitConverter.DoubleToInt64Bits(counter.Value) : 0;
        var histogram = (open as OpenHistogram)?.Snapshot();
        if (isDue)
            outgoing.TakeDue(_head, open.Id, time, bits, histogram);
        else
            outgoing.Take(_head, open.Id, time, bits, histogram, 0, Applying);
    }
}
