using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
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
                    if (step.Pattern.Match(name) is { Success: true } found && Expand(step.Replacement, step.Pattern, found) is { Length: > 0 } to)
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
        if (step.Pattern.Match(value) is not { Success: true } found)
            return;
        var target = Expand(step.Target, step.Pattern, found);
        if (target.Length > 0 && (step.Target.Contains('$') is false || LabelNames.IsLegacyLabelName(target)))
            labels.Set(target, Expand(step.Replacement, step.Pattern, found));
    }

    // The last eight bytes of MD5, so that several hubs that share targets by a modulus agree with Prometheus on whose they are.
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351", Justification = "It deals targets out, it protects nothing.")]
    private static ulong HashOf(string value) => BinaryPrimitives.ReadUInt64BigEndian(MD5.HashData(Encoding.UTF8.GetBytes(value)).AsSpan(8));

    /// <summary>A template with <c>$1</c>, <c>${1}</c>, <c>$name</c> and <c>${name}</c>; <c>$$</c> is one. A name is as long as it can be; an unknown group is empty.</summary>
    internal static string Expand(string template, Re2Pattern pattern, Match match)
    {
        if (!template.Contains('$'))
            return template;
        var text = new StringBuilder();
        for (var i = 0; i < template.Length; i++)
        {
            if (template[i] != '$' || i + 1 == template.Length)
            {
                text.Append(template[i]);
                continue;
            }
            if (template[i + 1] == '$')
            {
                text.Append('$');
                i++;
                continue;
            }
            var braced = template[i + 1] == '{';
            var begin = i + (braced ? 2 : 1);
            var end = begin;
            while (end < template.Length && (char.IsLetterOrDigit(template[end]) || template[end] == '_'))
                end++;
            if (end == begin || (braced && (end == template.Length || template[end] != '}')))
            {
                text.Append('$'); // no name: it stands for itself
                continue;
            }
            text.Append(pattern.GroupOf(match, template[begin..end]));
            i = braced ? end : end - 1;
        }
        return text.ToString();
    }
}
