using System.Text.Json;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Observe.Scrape.Discovery;

/// <summary>Reads lists of targets as file_sd and http_sd write them: <c>[{"targets": ["host:port"], "labels": {"env": "prod"}}]</c>, JSON or YAML.</summary>
internal static class TargetListReader
{
    private const int TargetsMax = 100_000;

    /// <summary>Reads JSON; the labels besides come before those that are written.</summary>
    /// <exception cref="DiscoveryException">The text is no such list.</exception>
    public static List<TargetGroup> ReadJson(string name, ReadOnlyMemory<byte> text, params IEnumerable<KeyValuePair<string, string>> besides)
    {
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 8 });
            if (json.RootElement.ValueKind != JsonValueKind.Array)
                throw new DiscoveryException($"{name}: expected a list of {{\"targets\": […], \"labels\": {{…}}}}, found {json.RootElement.ValueKind}");
            return Bounded(name, [.. json.RootElement.EnumerateArray().Select(group => GroupOf(name, group, besides))]);
        }
        catch (JsonException e)
        {
            throw new DiscoveryException($"{name}:{(e.LineNumber ?? 0) + 1}:{(e.BytePositionInLine ?? 0) + 1}: this is no JSON");
        }
        catch (InvalidOperationException) // JsonElement: text that is not UTF-8, or half a surrogate pair
        {
            throw new DiscoveryException($"{name}: a text in it is not valid UTF-8");
        }
    }

    /// <summary>Reads YAML, as above.</summary>
    /// <exception cref="DiscoveryException">The text is no such list.</exception>
    public static List<TargetGroup> ReadYaml(string name, ReadOnlyMemory<byte> text, params IEnumerable<KeyValuePair<string, string>> besides)
    {
        if (!SourceText.TryDecode(name, text.Span, out var source))
            throw new DiscoveryException($"{name}: this is no UTF-8");
        var findings = new Findings(source);
        var documents = YamlReader.Read(findings, YamlLimits.Default);
        if (findings.HasErrors)
            throw new DiscoveryException(findings.All.First(finding => finding.Severity == Workspace.Severity.Error).ToString());
        var groups = new List<TargetGroup>();
        foreach (var item in documents.SelectMany(document => document is YamlNode.Sequence list ? list.Items : [document]))
        {
            if (item is not YamlNode.Mapping map || map.Find("targets") is not YamlNode.Sequence targets)
                throw new DiscoveryException($"{name}:{source.Locate(item.Start).Line}: expected 'targets:' with a list of host:port, found {item.Shape}");
            var labels = map.Find("labels") is YamlNode.Mapping written
                ? written.Entries.Select(entry => KeyValuePair.Create(entry.Key.Text, (entry.Value as YamlNode.Scalar)?.Text ?? ""))
                : [];
            groups.Add(new TargetGroup([.. targets.Items.OfType<YamlNode.Scalar>().Select(target => target.Text)], [.. besides, .. labels]));
        }
        return Bounded(name, groups);
    }

    private static TargetGroup GroupOf(string name, JsonElement group, IEnumerable<KeyValuePair<string, string>> besides)
    {
        if (group.ValueKind != JsonValueKind.Object || !group.TryGetProperty("targets", out var targets) || targets.ValueKind != JsonValueKind.Array
            || targets.EnumerateArray().Any(target => target.ValueKind != JsonValueKind.String))
            throw new DiscoveryException($"{name}: expected \"targets\" with a list of \"host:port\"");
        var labels = group.TryGetProperty("labels", out var written) ? written : default;
        if (labels.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.Object)
            || (labels.ValueKind == JsonValueKind.Object && labels.EnumerateObject().Any(label => label.Value.ValueKind != JsonValueKind.String)))
            throw new DiscoveryException($"{name}: expected \"labels\" with a map of texts");
        return new TargetGroup(
            [.. targets.EnumerateArray().Select(target => target.GetString() ?? "")],
            [.. besides, .. labels.ValueKind == JsonValueKind.Object ? labels.EnumerateObject().Select(label => KeyValuePair.Create(label.Name, label.Value.GetString() ?? "")) : []]);
    }

    private static List<TargetGroup> Bounded(string name, List<TargetGroup> groups)
    {
        var count = groups.Sum(group => group.Addresses.Count);
        return count <= TargetsMax ? groups : throw new DiscoveryException($"{name} has {count:n0} targets; {TargetsMax:n0} is the most");
    }
}
