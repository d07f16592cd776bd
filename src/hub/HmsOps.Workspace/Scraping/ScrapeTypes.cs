using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Scraping;

/// <summary>A path inside the workspace's folder. Whoever edits the workspace must not make the hub read, and send to a target, what lies elsewhere.</summary>
public sealed class InsidePathType : ValueType<string>
{
    public override string Name => "a path inside the workspace";

    public override bool TryRead(YamlNode node, Findings findings, out string value)
    {
        value = node is YamlNode.Scalar { IsNull: false } scalar ? scalar.Text.Trim() : "";
        if (value.Length > 0 && !value.StartsWith('/') && !value.Split('/').Any(part => part is "" or "." or ".."))
            return true;
        findings.Error("E048", node, $"{node.Shape} is no path inside the workspace.", "Put the file into the workspace's folder; for a credential write ${secret:name}, and let the administrator say which file it is.");
        return false;
    }

    public override string Write(string value) => value;
}

/// <summary>A credential: the name of a secret; in an imported file the value itself is taken, with a warning.</summary>
public sealed class CredentialType(bool mayBeLiteral) : ValueType<Credential>
{
    private static readonly SecretNameType Named = new();

    public override string Name => "the name of a secret, ${secret:name}";

    public override bool TryRead(YamlNode node, Findings findings, out Credential value)
    {
        if (mayBeLiteral && node is YamlNode.Scalar { IsNull: false } scalar && Credentials.NameIn(scalar.Text.Trim()) is null)
        {
            findings.Warning("W217", node, "a secret stands in the file.", "Write ${secret:name} here, and let the administrator say where that name is kept.");
            value = new Credential.Literal(scalar.Text);
            return true;
        }
        var read = Named.TryRead(node, findings, out var name);
        value = new Credential.Secret(name);
        return read;
    }

    public override string Write(Credential value) => value is Credential.Secret secret ? Named.Write(secret.Name) : "***";
}

/// <summary>A file in the workspace that holds a credential.</summary>
public sealed class CredentialFileType : ValueType<Credential>
{
    private static readonly InsidePathType Inside = new();

    public override string Name => Inside.Name;

    public override bool TryRead(YamlNode node, Findings findings, out Credential value)
    {
        var secret = node is YamlNode.Scalar scalar ? Credentials.NameIn(scalar.Text.Trim()) : null;
        var path = "";
        var read = secret is not null || Inside.TryRead(node, findings, out path);
        value = secret is not null ? new Credential.Secret(secret) : new Credential.File(path);
        return read;
    }

    public override string Write(Credential value) => value is Credential.File file ? file.Path : "***";
}

/// <summary>What another program reads here, and this one does not.</summary>
internal sealed class ForeignType : ValueType<YamlNode>
{
    public override string Name => "read by Prometheus alone";

    public override bool TryRead(YamlNode node, Findings findings, out YamlNode value)
    {
        value = node;
        return true;
    }

    public override string Write(YamlNode value) => "{…}";
}
