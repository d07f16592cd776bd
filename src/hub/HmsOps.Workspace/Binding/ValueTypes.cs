using System.Globalization;
using HmsOps.Workspace.Quantities;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Binding;

/// <summary>Any text; a number or flag is taken as it is written.</summary>
public sealed class TextType(string name = "a text") : ValueType<string>
{
    public override string Name => name;

    public override bool TryRead(YamlNode node, Findings findings, out string value)
    {
        value = node is YamlNode.Scalar { IsNull: false } scalar ? scalar.Text.Trim() : "";
        return value.Length > 0 || Refuse(node, findings, "Write one text.");
    }

    public override string Write(string value) => value;
}

/// <summary>A list; one value alone is a list of one.</summary>
public sealed class ListType<T>(ValueType<T> item, string name) : ValueType<IReadOnlyList<T>>
{
    public override string Name => name;

    public override bool TryRead(YamlNode node, Findings findings, out IReadOnlyList<T> value)
    {
        var items = new List<T>();
        var good = true;
        foreach (var each in node is YamlNode.Sequence list ? list.Items : [node])
        {
            if (item.TryRead(each, findings, out var read))
                items.Add(read);
            else
                good = false;
        }
        value = items;
        return good;
    }

    public override string Write(IReadOnlyList<T> value) => $"[{string.Join(", ", value.Select(item.Write))}]";
}

/// <summary>Names of the writer's own, each with a value, in the order written.</summary>
public sealed class MapType<T>(ValueType<T> item, string name) : ValueType<IReadOnlyList<KeyValuePair<string, T>>>
{
    public override string Name => name;

    public override bool TryRead(YamlNode node, Findings findings, out IReadOnlyList<KeyValuePair<string, T>> value)
    {
        var entries = new List<KeyValuePair<string, T>>();
        value = entries;
        if (node is not YamlNode.Mapping mapping)
            return Refuse(node, findings, "Write a map: {name: value}.");
        var good = true;
        foreach (var (key, each) in mapping.Entries)
        {
            if (item.TryRead(each, findings, out var read))
                entries.Add(new(key.Text, read));
            else
                good = false;
        }
        return good;
    }

    public override string Write(IReadOnlyList<KeyValuePair<string, T>> value) =>
        $"{{{string.Join(", ", value.Select(entry => $"{entry.Key}: {item.Write(entry.Value)}"))}}}";
}

/// <summary>A span of time between two bounds.</summary>
public sealed class DurationType(TimeSpan min, TimeSpan max) : ValueType<TimeSpan>
{
    public override string Name => "a duration like 5m";

    public override bool TryRead(YamlNode node, Findings findings, out TimeSpan value)
    {
        value = default;
        if (node is not YamlNode.Scalar { IsNull: false } scalar)
            return Refuse(node, findings, "Write a number and a unit: ms, s, m, h, d, w or y.");
        if (!Durations.TryParse(scalar.Text, out value))
        {
            var mended = Durations.TryMend(scalar.Text, out var better) ? better : null;
            return Refuse(node, findings, mended is null ? "Write a number and a unit: ms, s, m, h, d, w or y." : $"Write '{mended}'.", mended);
        }
        if (value >= min && value <= max)
            return true;
        var bound = value < min ? $"less than {Durations.Format(min)}" : $"more than {Durations.Format(max)}";
        findings.Error("E045", node, $"{scalar.Shape} is {bound}.", $"Write a duration from {Durations.Format(min)} to {Durations.Format(max)}.");
        return false;
    }

    public override string Write(TimeSpan value) => Durations.Format(value);
}

/// <summary>A whole number between two bounds.</summary>
public sealed class CountType(long min, long max) : ValueType<long>
{
    public override string Name => "a whole number";

    public override bool TryRead(YamlNode node, Findings findings, out long value)
    {
        value = 0;
        if (node is not YamlNode.Scalar scalar || !scalar.TryInteger(out value))
            return Refuse(node, findings, $"Write a number from {min} to {max}, without quotes.");
        if (value >= min && value <= max)
            return true;
        findings.Error("E045", node, $"{value} is {(value < min ? $"less than {min}" : $"more than {max}")}.", $"Write a number from {min} to {max}.");
        return false;
    }

    public override string Write(long value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A number of bytes: <c>1MiB</c>, <c>65536</c>.</summary>
public sealed class SizeType(long min, long max) : ValueType<long>
{
    private static readonly MetricUnit Bytes = MetricUnit.OfMetric("_bytes");

    public override string Name => "a size like 1MiB";

    public override bool TryRead(YamlNode node, Findings findings, out long value)
    {
        value = 0;
        if (node is not YamlNode.Scalar { IsNull: false } scalar || Quantity.Parse(scalar.Text) is not { Fault: QuantityFault.None } parse
            || parse.Quantity.In(Bytes) is not { } bytes || bytes != Math.Floor(bytes))
            return Refuse(node, findings, "Write a number and B, KiB, MiB or GiB.");
        if (bytes >= min && bytes <= max)
        {
            value = (long)bytes;
            return true;
        }
        var (least, most) = (Write(min), Write(max));
        findings.Error("E045", node, $"{scalar.Shape} is {(bytes < min ? $"less than {least}" : $"more than {most}")}.", $"Write a size from {least} to {most}.");
        return false;
    }

    public override string Write(long value) => value switch
    {
        > 0 when value % (1L << 30) == 0 => $"{value >> 30}GiB",
        > 0 when value % (1L << 20) == 0 => $"{value >> 20}MiB",
        > 0 when value % (1L << 10) == 0 => $"{value >> 10}KiB",
        _ => $"{value}B",
    };
}

/// <summary>Yes or no.</summary>
public sealed class FlagType : ValueType<bool>
{
    public override string Name => "true or false";

    public override bool TryRead(YamlNode node, Findings findings, out bool value)
    {
        value = false;
        return (node is YamlNode.Scalar scalar && scalar.TryFlag(out value)) || Refuse(node, findings, "Write true or false.");
    }

    public override string Write(bool value) => value ? "true" : "false";
}

/// <summary>One of a few words.</summary>
public sealed class ChoiceType<T>(params (string Word, T Value)[] choices) : ValueType<T>
{
    private readonly string[] _words = Array.ConvertAll(choices, choice => choice.Word);

    public override string Name => string.Join(", ", _words[..^1]) + (_words.Length > 1 ? " or " : "") + _words[^1];

    public override bool TryRead(YamlNode node, Findings findings, out T value)
    {
        value = choices[0].Value;
        if (node is not YamlNode.Scalar scalar)
            return Refuse(node, findings, $"Write {Name}.");
        foreach (var (word, choice) in choices)
        {
            if (!string.Equals(word, scalar.Text.Trim(), StringComparison.OrdinalIgnoreCase))
                continue;
            value = choice;
            return true;
        }
        var suggestion = Suggestions.Nearest(scalar.Text, _words);
        return Refuse(node, findings, suggestion is null ? $"Write {Name}." : $"Write '{suggestion}'.", suggestion);
    }

    public override string Write(T value) => _words[Array.FindIndex(choices, choice => EqualityComparer<T>.Default.Equals(choice.Value, value))];
}

/// <summary>A number with a unit or without.</summary>
public sealed class QuantityType : ValueType<Quantity>
{
    public override string Name => "a number like 1000, 0.8s or 5 %";

    public override bool TryRead(YamlNode node, Findings findings, out Quantity value)
    {
        value = default;
        if (node is not YamlNode.Scalar { IsNull: false } scalar)
            return Refuse(node, findings, "Write a number, with its unit when it is not the metric's own.");
        var parse = Quantity.Parse(scalar.Text);
        value = parse.Quantity;
        return parse.Fault == QuantityFault.None || SayFault(scalar, parse, findings);
    }

    public override string Write(Quantity value) => value.ToString();

    private bool SayFault(YamlNode.Scalar scalar, QuantityParse parse, Findings findings)
    {
        switch (parse.Fault)
        {
            case QuantityFault.LoneM:
                findings.Error("E043", scalar, $"{scalar.Shape} could be metres, minutes or thousandths.", "Write min for minutes or ms for milliseconds.");
                return false;
            case QuantityFault.NotFinite:
                findings.Error("E044", scalar, $"{scalar.Shape} is not a finite number: nothing can be held against it.", "Write a number such as 1000.");
                return false;
            case QuantityFault.UnknownUnit:
                var units = string.Join(' ', MetricUnit.Written.Select(unit => unit.Name));
                return Refuse(scalar, findings, $"Units are {units}.", parse.Suggestion);
            default:
                return Refuse(scalar, findings, "Write the digits together, or in groups of three with a space between.", parse.Suggestion);
        }
    }
}

/// <summary>An address of the web.</summary>
public sealed class WebAddressType : ValueType<Uri>
{
    public override string Name => "an address like https://host/path";

    public override bool TryRead(YamlNode node, Findings findings, out Uri value)
    {
        value = null!; // not looked at when false
        if (node is YamlNode.Scalar scalar && Uri.TryCreate(scalar.Text.Trim(), UriKind.Absolute, out var address)
            && address.Scheme is "http" or "https" && address.UserInfo.Length == 0)
        {
            value = address;
            return true;
        }
        // Never the text itself: a user and password before the host are a secret.
        findings.Error("E033", node, $"expected {Name}, without user and password in it.", "Write http:// or https://, the host and the path; credentials have keys of their own.");
        return false;
    }

    public override string Write(Uri value) => value.ToString();
}

/// <summary>The name of a secret, written <c>${secret:name}</c>. A literal is refused and never repeated.</summary>
public sealed class SecretNameType : ValueType<string>
{
    public override string Name => "the name of a secret, ${secret:name}";

    public override bool TryRead(YamlNode node, Findings findings, out string value)
    {
        value = node is YamlNode.Scalar scalar ? Credentials.NameIn(scalar.Text.Trim()) ?? "" : "";
        if (value.Length > 0)
            return true;
        findings.Error(
            "E034", node, "a secret does not stand in a file of the workspace.",
            "Write ${secret:name} here, and let the administrator say under 'secrets:' of hms-ops.yaml where that name is kept. Change the secret if this file was shared.");
        return false;
    }

    public override string Write(string value) => $"${{secret:{value}}}";
}

/// <summary>A record inside a record.</summary>
public sealed class RecordType(RecordShape shape) : ValueType<BoundRecord>
{
    public override string Name => "a map of keys";

    public override RecordShape? Shape => shape;

    public override bool TryRead(YamlNode node, Findings findings, out BoundRecord value)
    {
        value = BoundRecord.Bind(node, shape, findings);
        return node is YamlNode.Mapping;
    }

    public override string Write(BoundRecord value) => "{…}";
}
