using System.Text.RegularExpressions;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Queries;

/// <summary>What docs/reference/clients.md says of clients that read is so: its differences are those there are, and its samples answer what stands below them, from a Prometheus too.</summary>
[Collection(Readers.Name)]
public sealed partial class ReadersPageTests(WrittenAlike both)
{
    private const string Printed = "http://127.0.0.1:9900";

    [Fact]
    public async Task The_page_lists_the_differences_that_are_known_and_each_is_one()
    {
        var table = (await Part("reading differences")).Split('\n').Skip(2).Where(line => line.Length > 0);
        Assert.Equal(KnownReadings.All.Select(each => each.Row), table);
        foreach (var known in KnownReadings.All)
            await known.ShowAsync(both);
    }

    [Fact]
    public async Task The_samples_of_the_page_answer_what_stands_below_them_and_Prometheus_the_same()
    {
        using var folder = new LabFolder();
        var samples = Sample().Matches(await Part("samples"));
        Assert.Equal(["sh", "sh", "sh", "sh", "python"], samples.Select(sample => sample.Groups["language"].Value));
        foreach (Match sample in samples)
        {
            Assert.Contains(Printed, sample.Groups["text"].Value, StringComparison.Ordinal);
            var here = await AskAsync(sample, both.Hub.Url);
            Assert.Equal(WithoutTimes(sample.Groups["answer"].Value), here);
            Assert.Equal(Kind(await AskAsync(sample, $"{both.Prometheus.Http.BaseAddress}".TrimEnd('/'))), Kind(here));
        }

        async Task<string> AskAsync(Match sample, string url)
        {
            var text = sample.Groups["text"].Value.Replace(Printed, url, StringComparison.Ordinal);
            var file = Path.Combine(folder.Root, "sample");
            await File.WriteAllTextAsync(file, text);
            var ended = await Ended.RunAsync(sample.Groups["language"].Value == "sh" ? "/bin/sh" : "/usr/bin/python3", [file], folder.Root);
            Assert.True((ended.Code, ended.Errors) == (0, ""), $"{text}\n{ended.Code} {ended.Errors}");
            return WithoutTimes(ended.Output.TrimEnd('\n') + "\n");
        }
    }

    // What both answer alike: groups come in another order, and an error has words of its own behind its kind.
    private static string Kind(string answer) => answer.StartsWith("""{"status":"error",""", StringComparison.Ordinal)
        ? answer[..answer.IndexOf(",\"error\":", StringComparison.Ordinal)]
        : string.Join('\n', answer.Split('\n').Order(StringComparer.Ordinal));

    private static async Task<string> Part(string name)
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "docs", "reference", "clients.md"));
        var start = page.IndexOf($"<!-- {name} -->\n", StringComparison.Ordinal) + $"<!-- {name} -->\n".Length;
        return page[start..page.IndexOf($"<!-- /{name} -->", start, StringComparison.Ordinal)];
    }

    // Seconds since 1970 are never the same.
    private static string WithoutTimes(string answer) => Time().Replace(answer, "T");

    [GeneratedRegex(@"```(?<language>sh|python)\n(?<text>.*?)```\n\n```(json|text)\n(?<answer>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Sample();

    [GeneratedRegex(@"\b1\d{9}(\.\d+)?\b")]
    private static partial Regex Time();
}
