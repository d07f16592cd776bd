using System.Globalization;
using System.Text;
using System.Text.Json;
using HmsOps.Present.Assets;
using HmsOps.Present.Tests.Stage;
using HmsOps.Present.Web.Words;

namespace HmsOps.Present.Tests.Web.Words;

/// <summary>A number is written alike by the server and, a second later, by the script that goes on with the chart.</summary>
public sealed class QuantityScriptTests
{
    private static readonly string[] Units = ["", "ms", "s", "us", "ns", "B", "%", "ratio", "/s", "°C"];

    [Fact]
    public async Task The_script_writes_numbers_as_the_server_does()
    {
        var cases = QuantityTests.Alone.Select(row => ((double)row[0], (string)row[1])).ToList(); // as the table is declared
        cases.AddRange(Swept());
        var asked = cases.Select(c => new[] { c.Item1.ToString("R", CultureInfo.InvariantCulture), c.Item2 });
        var script = Encoding.UTF8.GetString(AssetSet.Embedded.Find("quantity.js")!.Plain.Span); // embedded, or nothing here passes

        var told = await Browser.RunAsync($"{script}\ntell(JSON.stringify({JsonSerializer.Serialize(asked)}.map(([value, unit]) => quantity(Number(value), unit))))");
        var shown = JsonSerializer.Deserialize<string[]>(told) ?? [];

        var differ = cases.Zip(shown).Where(pair => Quantity.Of(pair.First.Item1, pair.First.Item2) != pair.Second)
            .Select(pair => $"{pair.First.Item1:R} {pair.First.Item2}: server {Quantity.Of(pair.First.Item1, pair.First.Item2)}, script {pair.Second}").ToList();
        Assert.Equal(cases.Count, shown.Length);
        Assert.True(differ.Count == 0, $"{differ.Count} of {cases.Count} differ:\n{string.Join('\n', differ.Take(40))}");
    }

    [Fact]
    public async Task What_is_not_known_is_a_dash_in_the_script_too()
    {
        var script = Encoding.UTF8.GetString(AssetSet.Embedded.Find("quantity.js")!.Plain.Span);

        Assert.Equal("– –", await Browser.RunAsync($"{script}\ntell([null, undefined].map(v => quantity(v, 'ms')).join(' '))"));
    }

    /// <summary>Every size of number in every unit, with the halves between two ways to write one, and some drawn by a seed.</summary>
    private static IEnumerable<(double, string)> Swept()
    {
        var drawn = new Random(20);
        double[] figures = [1, 1.05, 1.15, 1.25, 1.35, 1.45, 2.5, 3.55, 4.949, 4.95, 5.95, 9.45, 9.94, 9.95, 9.96, 9.99, 9.995, 9.9995];
        foreach (var unit in Units)
        {
            for (var power = -9; power <= 13; power++)
            {
                foreach (var figure in figures)
                    yield return (figure * Math.Pow(10, power), unit);
                yield return (-figures[power & 7] * Math.Pow(10, power), unit);
                yield return (drawn.NextDouble() * Math.Pow(10, power), unit);
            }
            foreach (var seconds in new[] { 0.0095, 0.9995, 59.5, 60, 119.5, 3_599.4, 3_599.5, 3_600, 86_369, 86_370, 172_799, 172_800 })
                yield return (seconds, unit);
        }
    }
}
