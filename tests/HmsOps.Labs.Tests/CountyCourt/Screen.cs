using HmsOps.Labs.Tests.World;
using Microsoft.Playwright;

namespace HmsOps.Labs.Tests.CountyCourt;

/// <summary>A size and a light to look at a page in.</summary>
internal sealed record Look(int Width, int Height, ColorScheme Scheme)
{
    public static Look Desk { get; } = new(1_440, 1_000, ColorScheme.Light);

    public static Look DeskAtNight { get; } = new(1_440, 1_000, ColorScheme.Dark);

    public static Look Phone { get; } = new(390, 844, ColorScheme.Light);

    public static Look PhoneAtNight { get; } = new(390, 844, ColorScheme.Dark);
}

/// <summary>A real browser on the hub's pages. Whatever it complains of, script errors and broken policy included, fails the test.</summary>
internal sealed class Screen : IAsyncDisposable
{
    private const string ChromiumPath = "/usr/bin/chromium";

    /// <summary>Counts what is drawn: opaque pixels of the chart's canvas, read from a copy made for reading; the browser complains of a canvas that is drawn on and read again and again.</summary>
    private const string DrawnPixels = """
        chart => {
          const canvas = chart.querySelector('canvas') ?? chart.shadowRoot?.querySelector('canvas');
          if (!canvas || canvas.width === 0) return 0;
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
          copy.drawImage(canvas, 0, 0);
          const bytes = copy.getImageData(0, 0, canvas.width, canvas.height).data;
          let drawn = 0;
          for (let i = 3; i < bytes.length; i += 4) if (bytes[i] > 0) drawn++;
          return drawn;
        }
        """;

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Screen(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Screen> OpenAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = ChromiumPath,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync",
            ],
        });
        return new Screen(playwright, browser);
    }

    public Task AssertBoardAsync(RunningHub hub, Look look, string? picture) => AssertPageAsync(hub, "/board/county_api_ms?range=5m", look, picture, async page =>
    {
        Assert.StartsWith("county_api_ms", (await page.Locator("h1").InnerTextAsync()).Trim(), StringComparison.Ordinal);
        await page.WaitForFunctionAsync($"() => ({DrawnPixels})(document.querySelector('ops-chart')) > 500");
        var said = await page.Locator("main").AriaSnapshotAsync();
        Assert.Contains("the alert line is 1 s", said);
        Assert.Contains("listitem: automatic act", said);
        Assert.Contains("listitem: alert", said);
        Assert.Contains("Rolled back", said);
    });

    public Task AssertIncidentAsync(RunningHub hub, string id, string picture) => AssertPageAsync(hub, $"/incidents/{id}", Look.Desk, picture, async page =>
    {
        var text = await page.Locator("main").InnerTextAsync();
        Assert.Contains("county_api_ms", text);
        Assert.Contains("oncall@opm.gov", text);
        Assert.Contains("pager_duty", text);
    });

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    private async Task AssertPageAsync(RunningHub hub, string path, Look look, string? picture, Func<IPage, Task> assert)
    {
        await using var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = look.Width, Height = look.Height },
            ColorScheme = look.Scheme,
        });
        var page = await context.NewPageAsync();
        var complaints = new List<string>();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                complaints.Add($"{message.Type}: {message.Text}");
        };
        page.PageError += (_, error) => complaints.Add(error);
        page.RequestFailed += (_, request) =>
        {
            if (request.Failure != "net::ERR_ABORTED") // a stream that the page itself closes
                complaints.Add($"{request.Url}: {request.Failure}");
        };
        await page.AddInitScriptAsync("document.addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))");
        var answer = await page.GotoAsync(hub.Url + path, new PageGotoOptions { WaitUntil = WaitUntilState.Load });
        Assert.Equal(200, answer?.Status);
        await assert(page);
        var tooWide = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - window.innerWidth");
        Assert.True(tooWide <= 0, $"{path} at {look.Width} pixels is {tooWide} too wide");
        Assert.True(complaints.Count == 0, $"{path} at {look}: the browser complains:\n{string.Join('\n', complaints)}");
        if (picture is not null && Checkout.AcceptsPictures)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Checkout.Root, "docs", "pictures", picture + ".png") });
    }
}
