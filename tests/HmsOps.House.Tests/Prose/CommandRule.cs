using System.Text.RegularExpressions;

namespace HmsOps.House.Tests.Prose;

/// <summary>A command printed for readers to type is one that exists.</summary>
static partial class CommandRule
{
    static readonly string[] ShellFences = ["sh", "bash", "shell", "console"];

    /// <summary>A complaint for each command printed in a shell's fence that cannot be typed.</summary>
    /// <param name="page">Path of the page from the root.</param>
    /// <param name="text">What it says.</param>
    /// <param name="verbs">First words the program takes.</param>
    /// <param name="testWords">Words and options <c>./test</c> takes, in lower case.</param>
    public static IEnumerable<string> Check(string page, string text, IReadOnlySet<string> verbs, IReadOnlySet<string> testWords)
    {
        foreach (var line in Markdown.Read(text).Fences.Where(fence => ShellFences.Contains(fence.Language)).SelectMany(fence => fence.Lines))
        {
            if (Command.Match(line) is not { Success: true } command)
                continue;
            var words = command.Groups["rest"].Value.Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (command.Groups["program"].Value is "test")
            {
                foreach (var word in words.Where(word => !testWords.Contains(word.ToLowerInvariant())))
                    yield return $"{page}: './test {word}' is printed, but ./test knows no such word.";
            }
            else if (words.FirstOrDefault() is { } verb && !verb.StartsWith('-') && !verbs.Contains(verb))
            {
                yield return $"{page}: '{line.Trim()}' is printed, but HmsOps.App makes no command '{verb}'. It makes: {string.Join(", ", verbs.Order())}.";
            }
        }
    }

    /// <summary>Names given to commands: the first argument of <c>new Command("serve", …)</c>, of a target-typed <c>new("serve", …)</c> or of a base.</summary>
    public static IEnumerable<string> VerbsIn(string source) => from Match made in MadeCommand.Matches(source) select made.Groups["verb"].Value;

    [GeneratedRegex(@"^\s*(\$\s+)?\./(?<program>hms-ops|ops|test)(?<rest>(\s.*)?)$")]
    private static partial Regex Command { get; }

    [GeneratedRegex("""\b(new|base|\w*Command)\s*\(\s*"(?<verb>[a-z][a-z-]*)"\s*[,)]""")]
    private static partial Regex MadeCommand { get; }
}
