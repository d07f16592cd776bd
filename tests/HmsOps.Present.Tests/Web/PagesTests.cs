using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using HmsOps.Present.Assets;
using HmsOps.Present.Tests.Stage;
using HmsOps.Workspace;

namespace HmsOps.Present.Tests.Web;

/// <summary>Every page over a real socket, made of a real store and ledger in which chapter B's Friday was played.</summary>
public sealed class PagesTests : IAsyncLifetime
{
    private TestHub _over = null!; // set by InitializeAsync
    private TestHub _firing = null!;
    private TestHub _empty = null!;

    public static TheoryData<string> Addresses =>
        ["/", "/board/county_api_ms", "/d/board/county_api_ms?range=15m", "/board/unheard_of", "/incidents", $"/incidents/{CountyCourt.Incident}", "/alerts", "/ledger",
            "/ledger?kind=act", "/ledger/3", "/workspace", "/hub", "/nowhere", "/incidents/INC-0", "/ledger/999", "/board/county_api_ms?range=9y"];

    public async Task InitializeAsync()
    {
        _over = await TestHub.StartAsync(CountyCourt.Over.Sources());
        _firing = await TestHub.StartAsync(CountyCourt.Firing.Sources());
        _empty = await TestHub.StartAsync(CountyCourt.Over.Sources(s => s with { Workspace = () => WorkspaceVersion.Empty }));
    }

    public async Task DisposeAsync()
    {
        await _over.DisposeAsync();
        await _firing.DisposeAsync();
        await _empty.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Every_page_is_whole_and_keeps_to_the_policy(string address)
    {
        foreach (var hub in new[] { _over, _firing, _empty })
        {
            var page = await hub.Client.GetStringAnywayAsync(address);

            Assert.StartsWith("<!DOCTYPE html>", page.TrimStart(), StringComparison.Ordinal);
            Assert.Single(Regex.Matches(page, "<h1[ >]"));
            Assert.Single(Regex.Matches(page, "<main "));
            Assert.Contains("class=\"skip\" href=\"#main\"", page, StringComparison.Ordinal);
            Assert.DoesNotMatch(" style=|<style|<script(?! type=\"module\" src=)| on[a-z]+=\"|javascript:|<!--Blazor", page);
            Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
            Assert.True(Packed(page) <= 12 * 1024, $"{address} has {Packed(page)} bytes packed; the budget is 12 KiB.");
        }
    }

    [Fact]
    public async Task The_board_says_what_happened_before_it_draws_it()
    {
        var page = Plain(await _over.Client.GetStringAsync("/board/county_api_ms"));

        Assert.Contains(
            "county_api_ms is back to 112 ms since 16:08:20. It averaged 1,240 ms when the alert fired; HMS-OPS rolled back the docket rule 5 s after, and it was over in 1 min 18 s.",
            page, StringComparison.Ordinal);
        Assert.Contains("Rolled back the docket rule automatically at 16:07:07.</b> The script ended with exit code 0. The alert was over at 16:08:20", page, StringComparison.Ordinal);
        Assert.Contains("alerts/county_api.yml, line 2", page, StringComparison.Ordinal);
        Assert.Contains("data-tag=\"rolled back the docket rule\"", page, StringComparison.Ordinal);
        Assert.Contains("class=\"mark triangle\"", page, StringComparison.Ordinal);
        Assert.Contains("{service=&quot;county-court-api&quot;}", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_chart_is_told_in_words_with_its_true_maximum_and_all_its_marks()
    {
        var page = Plain(await _over.Client.GetStringAsync("/board/county_api_ms"));

        // Played were values up to 4,140 ms, from 16:06:05 on; the first point after that stands at 16:06:10.
        Assert.Matches(
            @"aria-label=""county_api_ms, last hour\. average from 1\d\d ms to 1\d\d ms, highest 4\.[12] s at 16:0[67]:\d0; the alert line is 1 s\. Marked: alert fired at 16:07:02, "
            + @"rolled back the docket rule at 16:07:07, alert over at 16:08:20\. Arrow keys", page);
        Assert.Matches("<dt>Highest, last hour</dt><dd>4\\.[12] s</dd>", page);
        Assert.Contains("shaded: from the average up to the highest single value of the 30 seconds before", page, StringComparison.Ordinal);
        Assert.Matches("<td>16:08:20</td><td>alert over</td>.*<td>16:07:07</td><td>rolled back the docket rule</td>.*<td>16:07:02</td><td>alert fired</td>", page.ReplaceLineEndings(""));
    }

    [Fact]
    public async Task While_it_fires_the_board_names_value_bound_and_deed()
    {
        var page = Plain(await _firing.Client.GetStringAsync("/board/county_api_ms"));

        Assert.Matches(@"county_api_ms averages 1,\d{3} ms over 3 minutes, above 1,000: HMS-OPS rolled back the docket rule 5 s after the alert\.", page);
        Assert.Contains("No one needs to act yet.", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Home_shows_the_open_incident_and_its_five_dots()
    {
        var page = Plain(await _firing.Client.GetStringAsync("/"));

        Assert.Contains("The one watched metric is failing", page, StringComparison.Ordinal);
        Assert.Matches("Change.*Noticed.*16:07:02 passed 1 s.*Decided.*16:07:03 roll back the docket rule.*Acting.*16:07:07 done in 2 s.*Confirm", page.ReplaceLineEndings(" "));
        Assert.Contains("oncall@opm.gov told", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_hub_says_how_to_begin_instead_of_drawing_nothing() =>
        Assert.Contains("curl -d", await _empty.Client.GetStringAsync("/"), StringComparison.Ordinal);

    [Fact]
    public async Task An_incident_names_who_was_not_told_and_who_checked_the_record()
    {
        var page = Plain(await _over.Client.GetStringAsync($"/incidents/{CountyCourt.Incident}"));

        Assert.Contains("13 of 13 proven", page, StringComparison.Ordinal);
        Assert.Contains("Checked by the hub, not by your browser", page, StringComparison.Ordinal);
        Assert.Contains("https://events.example/v2 refused the connection", page, StringComparison.Ordinal);
        Assert.Contains("3 of 3 copies", page, StringComparison.Ordinal);
        Assert.Contains("<h1>county_api_ms 1,240 ms, over 1,000 ms</h1>", page, StringComparison.Ordinal);
        Assert.Contains(
            "The alert on county_api_ms (above 1,000 ms over 3 minutes) lasted 1 min 18 s. HMS-OPS rolled back the docket rule 5 s after the alert, by itself.", page, StringComparison.Ordinal);
        Assert.Contains("<dt>Pause in between</dt>", page, StringComparison.Ordinal);
        Assert.Contains("The script ended with exit code 0.", page, StringComparison.Ordinal);
        Assert.Contains("4 values of the 3 min before", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("one_in_flight|rollbacks_per_hour|[^_a-z]exit 0", page);
    }

    [Fact]
    public async Task A_filter_of_the_timeline_shows_that_part_only()
    {
        var page = Plain(await _over.Client.GetStringAsync($"/incidents/{CountyCourt.Incident}?show=people"));

        Assert.Contains("oncall@opm.gov was told by smtp", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Decided: roll back", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_file_is_named_with_its_place_and_its_remedy()
    {
        var page = Plain(await _over.Client.GetStringAsync("/workspace"));

        Assert.Contains("alerts/permits.yml:2:1", page, StringComparison.Ordinal);
        Assert.Contains("Write threshold: and a number.", page, StringComparison.Ordinal);
        Assert.Contains("Last good version kept", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_comes_from_outside_is_text_and_never_markup()
    {
        var page = await _over.Client.GetStringAsync("/board/" + Uri.EscapeDataString("<img src=x onerror=alert(1)>"));

        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
        Assert.Contains("&lt;img", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere")]
    [InlineData("/incidents/INC-0")]
    [InlineData("/ledger/999")]
    [InlineData("/board/county_api_ms?range=9y")]
    [InlineData("/ledger?kind=gossip")]
    public async Task What_is_not_there_is_404_and_says_what_to_do(string address)
    {
        using var answer = await _over.Client.GetAsync(address);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("dark", "/board/county_api_ms?range=6h", "hms-theme=dark", "/board/county_api_ms?range=6h")]
    [InlineData("system", "/hub", "hms-theme=;", "/hub")]
    [InlineData("light", "//evil.example/", "hms-theme=light", "/")]
    [InlineData("light", "https://evil.example/", "hms-theme=light", "/")]
    public async Task The_choice_of_colours_is_a_cookie_and_leads_back_to_a_page_of_ours(string theme, string back, string cookie, string to)
    {
        using var answer = await _over.Client.SendAsync(TestHub.Post("/theme", $"theme={theme}&back={Uri.EscapeDataString(back)}", "application/x-www-form-urlencoded"));

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal(to, answer.Headers.Location?.OriginalString);
        Assert.StartsWith(cookie, answer.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_chosen_colours_are_in_the_first_byte()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("Cookie", "hms-theme=dark");
        using var answer = await _over.Client.SendAsync(request);

        Assert.Contains("<html lang=\"en\" data-theme=\"dark\">", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_are_kept_for_a_year_under_their_version_and_not_under_another()
    {
        using var ours = await _over.Client.GetAsync(AssetSet.Embedded.PathOf("hms.js"));
        using var old = await _over.Client.GetAsync("/hms/000000000000/hms.js");

        Assert.Equal("text/javascript; charset=utf-8", ours.Content.Headers.ContentType?.ToString());
        Assert.Contains("immutable", ours.Headers.CacheControl?.ToString() ?? "", StringComparison.Ordinal);
        Assert.Equal("no-cache", old.Headers.CacheControl?.ToString());
        Assert.NotEmpty(await old.Content.ReadAsByteArrayAsync());
    }

    private static string Plain(string page) => page.Replace('\u00a0', ' ').Replace("&#xA0;", " ", StringComparison.Ordinal);

    private static long Packed(string page)
    {
        using var into = new MemoryStream();
        using (var brotli = new BrotliStream(into, CompressionLevel.Fastest, leaveOpen: true))
            brotli.Write(System.Text.Encoding.UTF8.GetBytes(page));
        return into.Length;
    }
}

internal static class Answers
{
    /// <summary>The body, whatever the status.</summary>
    public static async Task<string> GetStringAnywayAsync(this HttpClient client, string address)
    {
        using var answer = await client.GetAsync(address);
        return await answer.Content.ReadAsStringAsync();
    }
}
