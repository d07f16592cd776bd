using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Paging;
using HmsOps.Workspace.Quantities;
using HmsOps.Workspace.Runbooks;

namespace HmsOps.Workspace.Rules;

/// <summary>
/// Looks up what a rule names in other files. Whatever is missing, the rule stays in force: it watches and pages, and only the missing thing is not done.
/// A rule that does not watch would be the worse surprise at three in the morning.
/// </summary>
internal sealed class RuleLookup(IReadOnlyDictionary<string, ScriptFile> scripts, Channels channels, RunbookFinder runbooks, TimeSpan interval)
{
    private const string Webhook = "webhook";

    public Rule Settle(RuleDraft draft, List<Diagnostic> diagnostics)
    {
        var rule = draft.Rule;
        var file = rule.Source.File;
        if (rule.Action is { } action && !scripts.ContainsKey(action.Script))
        {
            var suggestion = Suggestions.Nearest(action.Script, scripts.Keys);
            diagnostics.Add(draft.Action.Say(
                file, "E050", Severity.Warning, $"there is no script '{action.Script}' for {Yaml.Findings.Shorten(action.Text)}; the rule watches and pages, and the act is refused.",
                $"Put {action.Script}.sh or {action.Script}.py into cd/ or scripts/.", suggestion));
        }
        if (rule.For > TimeSpan.Zero && rule.For < interval)
            diagnostics.Add(draft.For.Say(
                file, "W205", Severity.Warning, $"'for' of {Durations.Format(rule.For)} is shorter than the {Durations.Format(interval)} between two evaluations.",
                $"Write {Durations.Format(interval)} or more, or leave it out."));
        foreach (var receiver in rule.Notify)
            SayUnreachable(draft, receiver, diagnostics);
        return SettleRunbook(draft, diagnostics);
    }

    private void SayUnreachable(RuleDraft draft, string receiver, List<Diagnostic> diagnostics)
    {
        var shown = Yaml.Findings.Shorten(receiver);
        if (MailAddressType.IsAddress(receiver))
        {
            if (channels.Smtp is null)
                Say($"no mail server is configured, so {shown} cannot be reached.", "Add 'channels: {smtp: {host: …, from: …}}' to roster.yaml.", null);
        }
        else if (receiver != Webhook)
            Say($"'{shown}' has no channel in this version; pages to it take the other channels.", "Name a mail address or 'webhook'.", Suggestions.Nearest(receiver, [Webhook]));
        else if (channels.Webhook is null)
            Say("no web hook is configured.", "Add 'channels: {webhook: {url: …}}' to roster.yaml.", null);

        void Say(string message, string fix, string? suggestion) =>
            diagnostics.Add(draft.Notify.Say(draft.Rule.Source.File, "W218", Severity.Warning, message, fix, suggestion));
    }

    private Rule SettleRunbook(RuleDraft draft, List<Diagnostic> diagnostics)
    {
        var (rule, file) = (draft.Rule, draft.Rule.Source.File);
        if (rule.Runbook is null)
        {
            if (rule.Severity is "critical" or "high")
                diagnostics.Add(draft.At.Say(file, "W208", Severity.Warning, $"'{Yaml.Findings.Shorten(rule.Name)}' pages people and has no runbook.", "Add 'runbook: wiki/…' and write down what to do."));
            return rule;
        }
        if (RunbookFinder.IsAddress(rule.Runbook))
            return rule;
        if (runbooks.Find(rule.Runbook) is { } page)
            return rule with { Runbook = page };
        var stem = rule.Runbook.EndsWith(".md", StringComparison.Ordinal) ? rule.Runbook : rule.Runbook + ".md";
        diagnostics.Add(draft.Runbook.Say(
            file, "W208", Severity.Warning, $"there is no page '{Yaml.Findings.Shorten(rule.Runbook)}'.", "Write it under wiki/ or runbooks/, as Markdown.",
            Suggestions.Nearest(stem, runbooks.Pages)));
        return rule;
    }
}
