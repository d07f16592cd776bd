using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Paging;

/// <summary>A mail address, bare: no name before it and no line break in it, which would be a header of its own.</summary>
public sealed class MailAddressType : ValueType<string>
{
    public override string Name => "a mail address";

    public override bool TryRead(YamlNode node, Findings findings, out string value)
    {
        value = node is YamlNode.Scalar scalar ? scalar.Text.Trim() : "";
        return IsAddress(value) || Refuse(node, findings, "Write name@host.");
    }

    public override string Write(string value) => value;

    /// <summary>True for <c>name@host</c>.</summary>
    public static bool IsAddress(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= 254 // RFC 5321, 4.5.3.1.3
            && System.Net.Mail.MailAddress.TryCreate(text, out var address) && address.Address == text && !text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c));
    }
}
