using System.Text;
using HmsOps.Record.Events;
using HmsOps.Series;
using HmsOps.Workspace.Rules;

namespace HmsOps.Decide.Alerts;

/// <summary>The identity of an alert: its rule and its label set, with Alertmanager's fingerprint.</summary>
internal static class AlertLabels
{
    /// <summary>The alert a rule raises for a series of its value.</summary>
    public static AlertRef RefOf(Rule rule, Labels series)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["alertname"] = rule.Name };
        foreach (var label in series)
        {
            var name = Encoding.UTF8.GetString(label.Name);
            if (name != "__name__")
                labels[name] = Encoding.UTF8.GetString(label.Value);
        }
        return new AlertRef(rule.Id, FingerprintOf(labels), rule.Name, rule.Metric, labels);
    }

    /// <summary>FNV-1a 64 over <c>name 0xFF value 0xFF</c> of the sorted labels, as Alertmanager counts it.</summary>
    private static string FingerprintOf(SortedDictionary<string, string> labels)
    {
        var hash = 14695981039346656037UL;
        foreach (var (name, value) in labels)
        {
            hash = Mix(Mix(hash, name), value);
        }
        return hash.ToString("x16");
    }

    private static ulong Mix(ulong hash, string text)
    {
        foreach (var b in Encoding.UTF8.GetBytes(text))
            hash = (hash ^ b) * 1099511628211UL;
        return (hash ^ 0xff) * 1099511628211UL;
    }
}
