using System.CommandLine;
using HmsOps.App.Settings;

namespace HmsOps.App.Verbs;

/// <summary>The settings as flags: one a key, by the one rule of names, and <c>--config</c> for the file.</summary>
internal sealed class SettingsFlags
{
    private readonly Option<string?> _config = new("--config") { Description = "The settings' file (environment HMS_CONFIG, else hms-ops.yaml here)", HelpName = "FILE" };
    private readonly List<Option<string?>> _flags = [.. Setting.All.Select(s => new Option<string?>(s.Flag) { Description = s.Key.Meaning })];

    public IEnumerable<Option> Options => [_config, .. _flags];

    /// <summary>Reads default, file, environment and flags, in that order of strength.</summary>
    public SettingsOutcome? Read(ParseResult parsed)
    {
        var environment = Ambient.Variables();
        var here = Directory.GetCurrentDirectory();
        var (path, mayBeMissing) = SettingsSources.FileToRead(parsed.GetValue(_config), environment, here);
        SettingsFile? file = null;
        if (!mayBeMissing || File.Exists(path))
        {
            try
            {
                file = new SettingsFile(path, File.ReadAllBytes(path));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"hms-ops: the settings' file cannot be read: {e.Message}");
                return null;
            }
        }
        return SettingsReader.Read(new SettingsSources
        {
            File = file,
            Environment = environment,
            Flags = _flags.Where(f => parsed.GetValue(f) is not null).ToDictionary(f => f.Name, f => parsed.GetValue(f) ?? "", StringComparer.Ordinal),
            WorkingDirectory = here,
            SystemTimeZone = TimeZoneInfo.Local,
        });
    }

    /// <summary>As <see cref="Read"/>, with what is wrong printed; the exit code when there are no settings to go on with.</summary>
    public bool TryRead(ParseResult parsed, out SettingsOutcome.Read read, out int code)
    {
        read = null!; // answered only with true
        var outcome = Read(parsed);
        switch (outcome)
        {
            case SettingsOutcome.Read good:
                read = good;
                code = ExitCode.Done;
                return true;
            case SettingsOutcome.RefusedForSafety refused:
                Console.Error.WriteLine($"{refused.Why}\n  fix: {refused.Why.Fix}");
                code = ExitCode.Refused;
                return false;
            case SettingsOutcome.Wrong wrong:
                foreach (var diagnostic in wrong.Diagnostics)
                    Console.Error.WriteLine($"{diagnostic}\n  fix: {diagnostic.Fix}");
                code = ExitCode.Usage;
                return false;
            default:
                code = ExitCode.Usage;
                return false;
        }
    }
}
