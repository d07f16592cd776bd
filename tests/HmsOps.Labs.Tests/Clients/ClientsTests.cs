using System.Globalization;
using HmsOps.Labs.Tests.World;

namespace HmsOps.Labs.Tests.Clients;

/// <summary>
/// Real clients beside a Prometheus that does the same job: the node exporter, Prometheus' remote write, OpenTelemetry's exporter for .NET, the Python client. Same series, same values,
/// but for the differences that are known. Some seconds here; <c>./clients 10</c> for minutes.
/// </summary>
public sealed class ClientsTests
{
    private static readonly TimeSpan Span = Environment.GetEnvironmentVariable("HMS_CLIENTS_MINUTES") is { } minutes
        ? TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture))
        : TimeSpan.FromSeconds(15);

    [Fact]
    public async Task The_page_lists_the_differences_that_are_known_and_no_others()
    {
        var page = await File.ReadAllLinesAsync(Path.Combine(Checkout.Root, "docs", "reference", "clients.md"));
        var table = page.SkipWhile(line => line != "<!-- differences -->").TakeWhile(line => line != "<!-- /differences -->").Skip(3);
        Assert.Equal(KnownDifferences.All.Select(each => each.Row), table);
    }

    [Fact]
    public async Task What_real_clients_say_is_kept_as_Prometheus_keeps_it()
    {
        await using var world = await SideBySide.StartAsync();
        var jobs = await world.CompareAsync(Span, KnownDifferences.All);
        await File.WriteAllLinesAsync(Path.Combine(Checkout.Root, ".build", "clients.txt"), jobs.SelectMany(job => job.Report()));
        var complaints = jobs.SelectMany(job => job.Complaints()).ToList();
        Assert.True(complaints.Count == 0, string.Join('\n', complaints));
    }
}
