using System.CommandLine;

namespace HmsOps.App.Verbs;

/// <summary><c>hms-ops config show</c>: every setting, its value, and where that came from.</summary>
internal static class ConfigVerb
{
    public static Command Make()
    {
        var flags = new SettingsFlags();
        var show = new Command("show", "Print every setting, its value, and where it came from");
        foreach (var option in flags.Options)
            show.Add(option);
        show.SetAction(parsed =>
        {
            if (!flags.TryRead(parsed, out var read, out var code))
                return code;
            foreach (var line in read.Lines)
                Console.WriteLine(line);
            return ExitCode.Done;
        });
        return new Command("config", "The hub's settings") { show };
    }
}
