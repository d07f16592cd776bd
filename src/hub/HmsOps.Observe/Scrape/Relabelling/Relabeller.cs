using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HmsOps.Observe.Exposition;
using HmsOps.Series;
using HmsOps.Workspace.Scraping;

namespace HmsOps.Observe.Scrape.Relabelling;

/// <summary>Takes the labels of a target or series through the steps of relabelling, as Prometheus defines each.</summary>
internal static class Relabeller
{
    /// <summary>False when a step drops it.</summary>
    public static bool Keeps(LabelDraft labels, IReadOnlyList<RelabelRule> steps)
    {
        foreach (var step in steps)
        {
            if (!Take(labels, step))
                return false;
        }
        return true;
    }

    private static bool Take(LabelDraft labels, RelabelRule step)
    {
        var value = string.Join(step.Separator, step.Sources.Select(labels.Get));
        switch (step.Action)
        {
            case RelabelAction.Keep:
                return step.Pattern.IsMatch(value);
            case RelabelAction.Drop:
                return !step.Pattern.IsMatch(value);
            case RelabelAction.KeepEqual:
                return labels.Get(step.Target) == value;
            case RelabelAction.DropEqual:
                return labels.Get(step.Target) != value;
            case RelabelAction.Lowercase:
                labels.Set(step.Target, value.ToLowerInvariant());
                break;
            case RelabelAction.Uppercase:
                labels.Set(step.Target, value.ToUpperInvariant());
                break;
            case RelabelAction.HashMod:
                labels.Set(step.Target, (HashOf(value) % step.Modulus).ToString(CultureInfo.InvariantCulture));
                break;
            case RelabelAction.LabelMap:
                foreach (var (name, text) in labels.All.ToArray())
                {
                    if (step.Pattern.Match(name)?.Expand(step.Replacement) is { Length: > 0 } to)
                        labels.Set(to, text);
                }
                break;
            case RelabelAction.LabelDrop:
                labels.RemoveAll(name => step.Pattern.IsMatch(name));
                break;
            case RelabelAction.LabelKeep:
                labels.RemoveAll(name => !step.Pattern.IsMatch(name));
                break;
            default:
                Replace(labels, step, value);
                break;
        }
        return true;
    }

    private static void Replace(LabelDraft labels, RelabelRule step, string value)
    {
        if (step.Pattern.Match(value) is not { } found)
            return;
        var target = found.Expand(step.Target);
        if (target.Length > 0 && (step.Target.Contains('$') is false || LabelNames.IsLegacyLabelName(target)))
            labels.Set(target, found.Expand(step.Replacement));
    }

    // The last eight bytes of MD5, so that several hubs that share targets by a modulus agree with Prometheus on whose they are.
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351", Justification = "It deals targets out, it protects nothing.")]
    private static ulong HashOf(string value) => BinaryPrimitives.ReadUInt64BigEndian(MD5.HashData(Encoding.UTF8.GetBytes(value)).AsSpan(8));
}
