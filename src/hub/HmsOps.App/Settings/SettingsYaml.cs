using System.Text;

namespace HmsOps.App.Settings;

/// <summary>The settings in force as the file would say them. Of secrets it names the places, as <c>config show</c> does.</summary>
internal static class SettingsYaml
{
    public static string Of(IReadOnlyList<SettingLine> lines)
    {
        var text = new StringBuilder();
        string[] open = [];
        foreach (var line in lines)
        {
            var path = line.Name.Split('.');
            var shared = 0;
            while (shared < path.Length - 1 && shared < open.Length && open[shared] == path[shared])
                shared++;
            for (var depth = shared; depth < path.Length - 1; depth++)
                text.Append(' ', depth * 2).Append(path[depth]).Append(":\n");
            text.Append(' ', (path.Length - 1) * 2).Append(path[^1]).Append(": ").Append(line.Value).Append('\n');
            open = path[..^1];
        }
        return text.ToString();
    }
}
