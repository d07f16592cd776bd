using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HmsOps.Series;
using HmsOps.Workspace.Rules;

namespace HmsOps.Present.Api.Prometheus;

/// <summary>Which rules <c>/api/v1/rules</c> is asked for, group by group; an empty list asks for all.</summary>
internal sealed record RuleSelection
{
    private const string Alerting = "alert";
    private const string Recording = "record"; // the hub has none

    private IReadOnlyList<string> Names { get; init; } = [];

    private IReadOnlyList<string> Groups { get; init; } = [];

    private IReadOnlyList<string> Files { get; init; } = [];

    private IReadOnlyList<IReadOnlyList<Matcher>> Matchers { get; init; } = [];

    private bool TakesAlerting { get; init; }

    private int GroupsMax { get; init; }

    private string From { get; init; } = "";

    /// <summary>True where the alerts below the rules are not wanted.</summary>
    public bool ExcludesAlerts { get; private init; }

    /// <summary>Reads what is asked; why not, when it cannot be read.</summary>
    public static PromRefusal? Read(PromParameters asked, out RuleSelection selection)
    {
        selection = new RuleSelection();
        var type = asked["type"].ToLowerInvariant();
        if (type is not ("" or Alerting or Recording))
            return PromRefusal.Bad("type", $"not supported value {PromRefusal.Quoted(type)}: alert or record");
        var exclude = asked["exclude_alerts"].ToLowerInvariant();
        if (exclude is not ("" or "true" or "t" or "1" or "false" or "f" or "0"))
            return PromRefusal.Bad("exclude_alerts", $"{PromRefusal.Quoted(exclude)} is neither true nor false");
        if (asked.Selectors(out var refused) is not { } matchers)
            return refused;
        var groupsMax = int.MaxValue;
        if (asked.Has("group_limit", out var limit) && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out groupsMax) || groupsMax == 0))
            return PromRefusal.Bad("group_limit", $"{PromRefusal.Quoted(limit)} is no number of groups, 1 or more");
        if (asked.Has("group_next_token", out var from) && limit.Length == 0)
            return PromRefusal.Bad("group_next_token", "group_limit needs to be present in order to paginate over the groups");
        selection = new RuleSelection
        {
            Names = [.. asked.All("rule_name[]")],
            Groups = [.. asked.All("rule_group[]")],
            Files = [.. asked.All("file[]")],
            Matchers = matchers,
            TakesAlerting = type != Recording,
            ExcludesAlerts = exclude is "true" or "t" or "1",
            GroupsMax = groupsMax,
            From = from,
        };
        return null;
    }

    /// <summary>The rules, a file a group, and what to ask for the groups behind the last; null where there are none. Why not, when the page that is asked for is gone.</summary>
    public PromRefusal? Page(IReadOnlyList<Rule> rules, out IReadOnlyList<IGrouping<string, Rule>> page, out string? next)
    {
        (page, next) = ([], null);
        var files = rules.Select(rule => rule.Source.File).Distinct(StringComparer.Ordinal);
        if (From.Length > 0)
        {
            files = files.SkipWhile(file => TokenOf(file) != From).ToList();
            if (!files.Any())
                return PromRefusal.Bad("group_next_token", $"there is no group of the token {PromRefusal.Quoted(From)}; were rules changed? Begin anew, without it");
        }
        var wanted = files.ToHashSet(StringComparer.Ordinal);
        var groups = rules.Where(rule => wanted.Contains(rule.Source.File) && Takes(rule)).GroupBy(rule => rule.Source.File, StringComparer.Ordinal).ToList();
        page = groups.Count > GroupsMax ? groups[..GroupsMax] : groups;
        next = groups.Count > GroupsMax ? TokenOf(groups[GroupsMax].Key) : null;
        return null;
    }

    private bool Takes(Rule rule) =>
        TakesAlerting && IsIn(Names, rule.Name) && IsIn(Groups, rule.Source.File) && IsIn(Files, rule.Source.File)
        && (Matchers.Count == 0 || Matchers.Any(set => set.All(matcher => matcher.Matches(Labels.From(("severity", rule.Severity))))));

    private static bool IsIn(IReadOnlyList<string> wanted, string name) => wanted.Count == 0 || wanted.Contains(name);

    // As Prometheus makes them: of the file, and of the group's name, which is the file's too.
    private static string TokenOf(string file) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{file};{file}")));
}
