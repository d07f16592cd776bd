using HmsOps.Series;
using HmsOps.Tsdb.Head;
using HmsOps.Tsdb.Wal;

namespace HmsOps.Tsdb.Intake;

/// <summary>
/// Reads what comes with a batch beside its samples, exemplars and metadata: says what is kept of it, and stages what is not there yet. Owned by the holder of the store's turn.
/// </summary>
internal sealed class ExtrasIntake(MetricStoreOptions options, Holdings holdings, Refusals refusals, FrameWriter frame)
{
    private const int ExemplarBytes = 64 + ExemplarRing.LabelBytesMax;

    /// <summary>Reads an exemplar of a series, −1 when that was refused.</summary>
    public void Read(in Exemplar exemplar, int id, bool isFar, Verdict verdict)
    {
        if (RefusalOf(exemplar, id, isFar) is { } refusal)
        {
            verdict.Drop(refusal);
            return;
        }
        if (!holdings.Exemplars.Contains(id, exemplar))
        {
            frame.Batch.Exemplars.Add(new StagedExemplar(id, exemplar.Labels.Copy(), exemplar.Time, exemplar.Value));
            frame.CountBytes(ExemplarBytes);
        }
        verdict.Exemplars++;
    }

    /// <summary>Reads what is said of a metric.</summary>
    public void Read(MetricMetadata said, Verdict verdict)
    {
        if (!holdings.Descriptions.Says(said))
        {
            var chars = said.Metric.Length + said.Type.Length + said.Unit.Length + said.Help.Length;
            if (RefusalOf(said, chars) is { } refusal)
            {
                verdict.Drop(refusal);
                return;
            }
            frame.Batch.Metadata.Add(said);
            frame.CountBytes((4 * chars) + 64);
        }
        verdict.Metadata++;
    }

    private Refusal? RefusalOf(in Exemplar exemplar, int id, bool isFar)
    {
        if (id < 0 || !holdings.Head.Record(id).Is(SeriesMarks.Declared))
            return refusals.ExemplarSeries;
        if (exemplar.Labels.Bytes.Length > ExemplarRing.LabelBytesMax)
            return refusals.ExemplarSize;
        if (isFar)
            return refusals.ExemplarTime;
        return frame.BytesMax + ExemplarBytes > options.BatchBytesMax ? refusals.BatchBytes : null;
    }

    private Refusal? RefusalOf(MetricMetadata said, int chars)
    {
        if (chars > MetricDescriptions.CharsMax)
            return refusals.MetadataSize;
        if (!holdings.Descriptions.HasRoomFor(said))
            return refusals.MetadataLimit;
        return frame.BytesMax + (4 * chars) + 64 > options.BatchBytesMax ? refusals.BatchBytes : null;
    }
}
