using System.Buffers;
using System.Text;
using HmsOps.Observe.Exposition;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Federation;

/// <summary>
/// Writes samples as messages <c>io.prometheus.client.MetricFamily</c>, each behind its length: the only exposition that carries native histograms. Such with bounds of
/// their own it does not carry either; they are left out.
/// </summary>
internal static class ProtobufPage
{
    private const int Name = 1, Help = 2, Type = 3, Metric = 4;
    private const int Gauge = 2, Counter = 3, Untyped = 5, Time = 6, Histogram = 7;

    // A series in a message takes little more than its labels; 50,000 of them with the largest labels that doors take would not fit here.
    private const int FamilyBytesMax = 512 << 20;

    public static void Write(IBufferWriter<byte> into, IReadOnlyList<FederatedFamily> families)
    {
        using var message = new MessageWriter(FamilyBytesMax, new ByteBudget(FamilyBytesMax * 2L));
        foreach (var family in families)
        {
            message.Clear();
            message.WriteBlock(Name, Encoding.UTF8.GetBytes(family.Name));
            if (family.Help.Length > 0)
                message.WriteBlock(Help, Encoding.UTF8.GetBytes(family.Help));
            message.WriteVarint(Type, family.Kind switch { FamilyKind.Counter => 0, FamilyKind.Gauge => 1, FamilyKind.Histogram => 4, FamilyKind.GaugeHistogram => 5, _ => 3 });
            var metrics = 0;
            foreach (var sample in family.Samples)
            {
                if (sample.Histogram is { Schema: NativeHistogram.CustomBounds })
                    continue;
                WriteMetric(message, family.Kind, sample);
                metrics++;
            }
            if (message.IsFull)
                throw new QueryBudgetException($"the series of {family.Name} take more than {FamilyBytesMax:n0} bytes; ask for them in several requests");
            if (metrics > 0)
                Varint.WriteBlock(into, message.Bytes.Span);
        }
    }

    private static void WriteMetric(MessageWriter message, FamilyKind kind, FederatedSample sample)
    {
        var metric = message.BeginBlock(Metric);
        foreach (var label in sample.Labels)
        {
            if (label.Name.SequenceEqual(Labels.MetricName))
                continue;
            var size = LabelBytes.Size(label.Name.Length, label.Value.Length);
            if (message.Room(size) is { IsEmpty: false } room)
                message.Advance(LabelBytes.Write(room, label.Name, label.Value)); // a LabelPair lies as a Label does, in a field of the same number
        }
        if (sample.Histogram is { } histogram)
        {
            WriteHistogram(message, histogram);
        }
        else
        {
            var value = message.BeginBlock(kind switch { FamilyKind.Counter => Counter, FamilyKind.Gauge => Gauge, _ => Untyped });
            message.WriteDouble(1, sample.Value);
            message.EndBlock(value);
        }
        message.WriteVarint(Time, (ulong)sample.Time);
        message.EndBlock(metric);
    }

    private static void WriteHistogram(MessageWriter message, NativeHistogram histogram)
    {
        var block = message.BeginBlock(Histogram);
        if (histogram.IsFloat)
            message.WriteDouble(4, histogram.Count);
        else
            message.WriteVarint(1, (ulong)histogram.Count);
        message.WriteDouble(2, histogram.Sum);
        message.WriteVarint(5, Varint.ZigZag(histogram.Schema));
        message.WriteDouble(6, histogram.ZeroThreshold);
        if (histogram.IsFloat)
            message.WriteDouble(8, histogram.ZeroCount);
        else
            message.WriteVarint(7, (ulong)histogram.ZeroCount);
        BucketFields.Write(message, 9, histogram.Negative, histogram.IsFloat);
        BucketFields.Write(message, 12, histogram.Positive, histogram.IsFloat);
        if (histogram.Positive.Count == 0 && histogram.Negative.Count == 0)
            BucketFields.WriteEmptySpan(message, 12);
        message.EndBlock(block);
    }
}
