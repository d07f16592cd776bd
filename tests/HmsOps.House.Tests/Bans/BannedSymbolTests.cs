using System.Text.RegularExpressions;

namespace HmsOps.House.Tests.Bans;

public sealed partial class BannedSymbolTests
{
    /// <summary>The one file that hands out the system's clock, chance and identifiers.</summary>
    const string Ambient = "src/hub/HmsOps.App/Ambient.cs";

    [Fact]
    public void Every_banned_symbol_exists()
    {
        var lines = Checkout.Read("src/BannedSymbols.txt").Split('\n').Where(line => line.Length > 0).ToList();
        Assert.NotEmpty(lines);
        Complaints.None(
            from line in lines
            let id = line.Split(';')[0].Trim()
            where !SymbolIndex.Resolves(id)
            select $"src/BannedSymbols.txt: '{id}' names nothing, so it bans nothing. Write the documentation-comment id of the very overload.");
    }

    [Fact]
    public void Every_banned_symbol_says_what_to_take_instead() =>
        Complaints.None(
            from line in Checkout.Read("src/BannedSymbols.txt").Split('\n')
            where line.Length > 0 && line.Split(';', 2) is not [_, { Length: > 0 }]
            select $"src/BannedSymbols.txt: '{line}' lacks '; what to take instead'.");

    [Theory]
    [InlineData("T:System.Diagnostics.Stopwatch", true)]
    [InlineData("T:Microsoft.Extensions.Hosting.BackgroundService", true)]
    [InlineData("T:System.Collections.Generic.Dictionary`2.Enumerator", true)]
    [InlineData("M:System.Threading.Tasks.Task.Run``1(System.Func{System.Threading.Tasks.Task{``0}})", true)]
    [InlineData("M:System.Int32.TryParse(System.String,System.Int32@)", true)]
    [InlineData("M:System.Random.#ctor", true)]
    [InlineData("P:System.DateTime.Now", true)]
    [InlineData("P:System.DateTime.Nwo", false)]
    [InlineData("M:System.DateTime.Now", false)] // a property is not a method
    [InlineData("M:System.Threading.Thread.Sleep", false)] // no overload without a parameter
    [InlineData("M:System.Threading.Thread.Sleep(Int32)", false)]
    [InlineData("T:System.Stopwatch", false)]
    [InlineData("System.DateTime.Now", false)]
    public void An_id_resolves_or_it_does_not(string id, bool exists) => Assert.Equal(exists, SymbolIndex.Resolves(id));

    [Fact]
    public void The_systems_clock_is_handed_out_in_one_file() =>
        Complaints.None(
            from file in Checkout.Sources("src/", ".cs", ".razor")
            where file != Ambient && SystemClock.IsMatch(Checkout.Read(file))
            select $"{file}: takes the system's clock. Take the TimeProvider that was handed in; only {Ambient} hands it out.");

    [GeneratedRegex(@"\bTimeProvider\s*\.\s*System\b")]
    private static partial Regex SystemClock { get; }
}
