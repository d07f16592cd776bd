using System.Text.RegularExpressions;

namespace HmsOps.House.Tests.Names;

/// <summary>Words that say that the thing has not been found yet, and marks of unfinished work.</summary>
static partial class NameRule
{
    static readonly string[] NoRooms = ["Common", "Core", "Helpers", "Utils"];

    public static string? OfRoom(string room) =>
        room.Split('.').Any(NoRooms.Contains) ? $"HmsOps.{room}: no room has that name. Name it for what it keeps or does." : null;

    public static string? OfFile(string path)
    {
        var name = Path.GetFileName(path).Split('.')[0];
        return EmptyWord.IsMatch(name) ? $"{path}: '{name}' does not say what it is. Name it for the job: TileJudge, ScrapeLoop, IntentSettler." : null;
    }

    public static IEnumerable<string> OfTypes(string path, string source) =>
        from Match type in Declaration.Matches(NotCode.Replace(source, ""))
        let name = type.Groups["name"].Value
        where EmptyWord.IsMatch(name)
        select $"{path}: the type '{name}' does not say what it is. Name it for the job: TileJudge, ScrapeLoop, IntentSettler.";

    public static IEnumerable<string> OfUnfinishedWork(string path, string source) =>
        from line in source.Split('\n').Index()
        where Unfinished.IsMatch(line.Item)
        select $"{path}:{line.Index + 1}: what is not done is refused clearly and said in the documents, not marked in the code.";

    [GeneratedRegex("(^|[a-z0-9])(Manager|Helpers?|Utils?|Common|Base|Impl|Processor)$")]
    private static partial Regex EmptyWord { get; }

    [GeneratedRegex(@"\b(class|struct|interface|enum|record(\s+(class|struct))?)\s+(?<name>[A-Z]\w*)")]
    private static partial Regex Declaration { get; }

    /// <summary>Comments and strings, near enough: prose may well speak of a class Helper.</summary>
    [GeneratedRegex(@"//.*|""(\\.|[^""\\\n])*""")]
    private static partial Regex NotCode { get; }

    // Spelt in pieces, or this file would accuse itself.
    [GeneratedRegex(@"\b(TO" + "DO|FIX" + @"ME)\b")]
    private static partial Regex Unfinished { get; }
}
