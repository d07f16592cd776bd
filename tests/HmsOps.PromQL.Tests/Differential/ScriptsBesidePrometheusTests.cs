using HmsOps.PromQL.Tests.Scripts;

namespace HmsOps.PromQL.Tests.Differential;

/// <summary>What the scripts expect is what Prometheus 2.42 answers, but for the questions they mark as newer.</summary>
public sealed class ScriptsBesidePrometheusTests
{
    public static TheoryData<string> Scripts { get; } = [.. TestScript.All.Where(script => script.Cases.Any(c => c.Newer is null)).Select(script => script.Name)];

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task A_script_is_answered_by_Prometheus_as_it_says(string name)
    {
        var differences = new List<string>();
        foreach (var chapter in TestScript.All.Single(script => script.Name == name).Cases.Where(c => c.Newer is null).GroupBy(c => c.Source))
        {
            await using var prometheus = await PrometheusServer.OfAsync(chapter.Key.Lines);
            foreach (var asked in chapter)
            {
                if (asked.Expected.DifferenceFrom(await prometheus.AskAsync(asked.Text, asked.Times), isInOrder: false, comparesWords: false) is { } difference)
                    differences.Add($"{asked}\n{difference}");
            }
        }
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }
}
