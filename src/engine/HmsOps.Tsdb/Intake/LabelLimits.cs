using HmsOps.Series;

namespace HmsOps.Tsdb.Intake;

/// <summary>How large the label set of one series may be.</summary>
internal static class LabelLimits
{
    public const int CountMax = 64;
    public const int NameBytesMax = 256;
    public const int ValueBytesMax = 4 * 1024;
    public const int BytesMax = 16 * 1024; // names and values

    public const int IdCharsMax = 256; // of an observation's id

    /// <summary>What is wrong with a label set; null when nothing is.</summary>
    public static Refusal? Check(Labels labels, Refusals refusals)
    {
        var count = 0;
        var bytes = 0;
        foreach (var label in labels)
        {
            if (++count > CountMax)
                return refusals.LabelCount;
            if (label.Name.Length > NameBytesMax)
                return refusals.LabelName;
            if (label.Value.Length > ValueBytesMax)
                return refusals.LabelValue;
            bytes += label.Name.Length + label.Value.Length;
        }
        if (count == 0)
            return refusals.NoLabels;
        return bytes > BytesMax ? refusals.LabelBytes : null;
    }
}
