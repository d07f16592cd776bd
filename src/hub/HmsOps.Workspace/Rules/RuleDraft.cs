using HmsOps.Workspace.Yaml;

namespace HmsOps.Workspace.Rules;

/// <summary>A rule compiled from its own file, and where it names things that other files hold: those are looked up when all files are known.</summary>
internal sealed record RuleDraft(Rule Rule, Place At, Place Action, Place Notify, Place Runbook, Place For);
