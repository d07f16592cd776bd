using System.Security.Cryptography;
using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Guardrails;
using HmsOps.Workspace.Kinds;
using HmsOps.Workspace.Paging;
using HmsOps.Workspace.Rules;
using HmsOps.Workspace.Scraping;
using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace;

/// <summary>
/// What one file says, read from its path and bytes alone: the same bytes are never read twice. A file is taken whole or not at all,
/// whatever number of documents it holds.
/// </summary>
internal sealed record FileReading
{
    public required string Path { get; init; }

    public required string Sha256 { get; init; }

    public required ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>Unknown keys were errors when this was read.</summary>
    public required bool IsStrict { get; init; }

    public string Kind { get; init; } = UnknownKind;

    /// <summary>False: it is broken, or of a kind this version does not read.</summary>
    public bool IsTaken { get; init; }

    public IReadOnlyList<Diagnostic> Diagnostics { get; init; } = [];

    public IReadOnlyList<RuleDraft> Rules { get; init; } = [];

    public IReadOnlyList<(Channels Channels, Place At)> Channels { get; init; } = [];

    public IReadOnlyList<WrittenLimits> Limits { get; init; } = [];

    public IReadOnlyList<ScrapeSet> Scrapes { get; init; } = [];

    public BoundRecord? Workspace { get; init; }

    public const string UnknownKind = "unknown";

    /// <summary>Reads a YAML file: decode, parse, tell the kind of each document, bind, compile.</summary>
    public static FileReading OfYaml(string path, ReadOnlyMemory<byte> content, bool strict, YamlLimits limits)
    {
        var decoded = SourceText.TryDecode(path, content.Span, out var source);
        var findings = new Findings(source, strict);
        if (!decoded)
            findings.Add(Severity.Error, "E004", source.Text.Length, source.Text.Length, "not UTF-8 from here on.", "Save the file as UTF-8.");
        return new DocumentsReader(path, findings).Read(decoded ? YamlReader.Read(findings, limits) : []) with
        {
            Sha256 = Hash(content.Span),
            Content = content,
        };
    }

    /// <summary>A file that is taken as it is: a script, a page.</summary>
    public static FileReading OfBytes(string path, ReadOnlyMemory<byte> content, string kind) => new()
    {
        Path = path,
        Sha256 = Hash(content.Span),
        Content = content,
        IsStrict = true,
        Kind = kind,
        IsTaken = true,
    };

    /// <summary>A file of which nothing is known but what is wrong with it.</summary>
    public static FileReading Refused(Diagnostic why, string kind) => new()
    {
        Path = why.File,
        Sha256 = "",
        Content = default,
        IsStrict = true,
        Kind = kind,
        Diagnostics = [why],
    };

    private static string Hash(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Gathers what the documents of one file say.</summary>
    private sealed class DocumentsReader(string path, Findings findings)
    {
        private readonly List<(BoundRecord Record, RuleDraft Draft)> _rules = [];
        private readonly List<(Channels, Place)> _channels = [];
        private readonly List<WrittenLimits> _limits = [];
        private readonly List<ScrapeSet> _scrapes = [];
        private BoundRecord? _workspace;
        private bool _foreign; // a document of a kind this version does not read

        public FileReading Read(IReadOnlyList<YamlNode> documents)
        {
            var kinds = documents.Select(document => (document, Kind: FileKind.Of(path, document, findings))).ToList();
            foreach (var (document, kind) in kinds)
            {
                if (kind is { IsRead: true })
                    Read(document, kind);
                else if (kind is not null)
                    RefuseKind(document, kind);
            }
            MetricRuleReader.RefuseTwins(_rules, findings);
            return new FileReading
            {
                Path = path,
                Sha256 = "",
                Content = default,
                IsStrict = findings.IsStrict,
                Kind = kinds.Select(each => each.Kind?.Name).FirstOrDefault(name => name is not null) ?? UnknownKind,
                IsTaken = !findings.HasErrors && !_foreign,
                Diagnostics = findings.All,
                Rules = [.. _rules.Select(rule => rule.Draft)],
                Channels = _channels,
                Limits = _limits,
                Scrapes = _scrapes,
                Workspace = _workspace,
            };
        }

        private void Read(YamlNode document, FileKind kind)
        {
            if (kind == FileKind.Rules)
                ReadRules(document);
            else if (kind == FileKind.Roster)
                _channels.Add((RosterShape.Read(Bind(document, RosterShape.Shape), findings), Place.Of(document, findings.Source)));
            else if (kind == FileKind.Policy)
                _limits.Add(GuardrailsShape.Read(Bind(document, GuardrailsShape.Shape)));
            else if (kind == FileKind.Service)
                _scrapes.AddRange(ServiceShape.Read(Bind(document, ServiceShape.Shape), findings));
            else if (kind == FileKind.PrometheusImport)
                _scrapes.AddRange(PrometheusShape.Read(Bind(document, PrometheusShape.Shape), findings));
            else if (kind == FileKind.Workspace)
                _workspace = Bind(document, WorkspaceShape.Shape);
        }

        private void ReadRules(YamlNode document)
        {
            if ((document as YamlNode.Mapping)?.Find(RulesFileShape.Rules.Name) is not { } list)
            {
                ReadRule(Bind(document, MetricRuleShape.Shape));
                return;
            }
            // Rules of another notation are told apart before they are held against this one's keys.
            var foreign = (list as YamlNode.Sequence)?.Items.Select(item => (item, Kind: FileKind.OfShape(item))).Where(each => each.Kind is { IsRead: false }).ToList();
            foreach (var (item, kind) in foreign ?? [])
                RefuseKind(item, kind!); // is not null: filtered above
            if (foreign is { Count: > 0 })
                return;
            if (Bind(document, RulesFileShape.Shape).TryGet(RulesFileShape.Rules, out var rules))
            {
                foreach (var rule in rules)
                    ReadRule(rule);
            }
        }

        private void ReadRule(BoundRecord record)
        {
            if (MetricRuleReader.Read(record, findings) is { } draft)
                _rules.Add((record, draft));
        }

        private BoundRecord Bind(YamlNode document, RecordShape shape) => BoundRecord.Bind(document, shape, findings, isRoot: true);

        private void RefuseKind(YamlNode document, FileKind kind)
        {
            _foreign = true;
            var end = Math.Min(document.End, findings.Source.EndOfLine(document.Start));
            findings.Add(
                Severity.Warning, "E090", document.Start, end, $"{kind.Words} is not in this version.",
                "It can stay where it is: this file is not read, all others are.");
        }
    }
}
