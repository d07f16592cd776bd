using System.Text.RegularExpressions;

namespace HmsOps.House.Tests.Bans;

/// <summary>A property is checked over the same cases in every run: what fails once fails again.</summary>
public sealed partial class DrawTests
{
    /// <summary>The one file that calls FsCheck's runner.</summary>
    const string FixedDraw = "tests/FixedDraw.cs";

    [Fact]
    public void Every_property_draws_from_the_fixed_seed() =>
        Complaints.None(
            from file in Checkout.Sources("tests/", ".cs")
            where file != FixedDraw && !file.StartsWith("tests/HmsOps.House.Tests/", StringComparison.Ordinal) && DrawsByChance(Checkout.Read(file))
            select $"{file}: checks a property over cases drawn by chance. End it with .Holds() ({FixedDraw}).");

    [Theory]
    [InlineData("Prop.ForAll(x => x > 0).QuickCheckThrowOnFailure();", true)]
    [InlineData("Prop.ForAll(x => x > 0).QuickCheck();", true)]
    [InlineData("Prop.ForAll(x => x > 0).VerboseCheckThrowOnFailure();", true)]
    [InlineData("property.Check(Config.Quick);", true)]
    [InlineData("Check.One(Config.Quick, property);", true)]
    [InlineData("[Property(MaxTest = 10)]", true)]
    [InlineData("values.Sample(10)", false)]
    [InlineData("Prop.ForAll(x => x > 0).Holds();", false)]
    [InlineData("Assert.True(report.Check(ledger));", false)]
    public void A_draw_by_chance_is_seen(string code, bool seen) => Assert.Equal(seen, DrawsByChance(code));

    static bool DrawsByChance(string code) => ByChance.IsMatch(code);

    [GeneratedRegex(@"\b(Quick|Verbose)Check(ThrowOnFailure)?\s*\(|\bConfig\s*\.\s*(Quick|Verbose)|\[Property\b")]
    private static partial Regex ByChance { get; }
}
