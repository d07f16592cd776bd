namespace HmsOps.App.Settings;

/// <summary>Everything settings are read from, handed in: a test gives all of it.</summary>
public sealed record SettingsSources
{
    /// <summary>The file and its bytes; null when there is none.</summary>
    public SettingsFile? File { get; init; }

    /// <summary>Variables by name.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Flags that were given, as <c>--late-window</c>, with their values.</summary>
    public IReadOnlyDictionary<string, string> Flags { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the hub is started: relative paths that no file says begin here.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>The machine's own zone.</summary>
    public required TimeZoneInfo SystemTimeZone { get; init; }

    /// <summary>The file to read: <c>--config</c>, else <c>HMS_CONFIG</c>, else <c>hms-ops.yaml</c> where the hub is started, and then it may be missing.</summary>
    public static (string Path, bool MayBeMissing) FileToRead(string? flag, IReadOnlyDictionary<string, string> environment, string workingDirectory)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var named = flag ?? environment.GetValueOrDefault("HMS_CONFIG");
        return (Path.Combine(workingDirectory, string.IsNullOrEmpty(named) ? "hms-ops.yaml" : named), string.IsNullOrEmpty(named));
    }
}

/// <summary>The settings' file.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Content">Its bytes.</param>
public sealed record SettingsFile(string Path, ReadOnlyMemory<byte> Content);
