using HmsOps.Workspace;

namespace HmsOps.App.Settings;

/// <summary>What became of reading the settings.</summary>
public abstract record SettingsOutcome
{
    private SettingsOutcome()
    {
    }

    /// <summary>They hold. The lines are those of <c>hms-ops config show</c>.</summary>
    public sealed record Read(HubSettings Settings, IReadOnlyList<SettingLine> Lines) : SettingsOutcome;

    /// <summary>Something is wrong: exit 2, with all of it.</summary>
    public sealed record Wrong(IReadOnlyList<Diagnostic> Diagnostics) : SettingsOutcome;

    /// <summary>Nothing is wrong, and it would be unsafe: exit 3.</summary>
    public sealed record RefusedForSafety(Diagnostic Why) : SettingsOutcome;

    /// <summary>One answer for each case.</summary>
    public T Match<T>(Func<Read, T> read, Func<Wrong, T> wrong, Func<RefusedForSafety, T> refused)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(wrong);
        ArgumentNullException.ThrowIfNull(refused);
        return this switch
        {
            Read it => read(it),
            Wrong it => wrong(it),
            RefusedForSafety it => refused(it),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
