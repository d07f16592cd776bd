using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;

namespace HmsOps.Present.Tests.Stage;

/// <summary>Runs a script module in Chromium, without a network and in a profile that is thrown away, and answers what it told.</summary>
internal static partial class Browser
{
    private const string ChromiumPath = "/usr/bin/chromium";

    /// <summary>Runs one.</summary>
    /// <param name="module">Its text; it calls <c>tell(text)</c> once.</param>
    public static async Task<string> RunAsync(string module)
    {
        var folder = Directory.CreateTempSubdirectory("hms-browser-");
        try
        {
            var page = Path.Combine(folder.FullName, "page.html");
            await File.WriteAllTextAsync(page, $"""
                <!doctype html><meta charset="utf-8"><body><pre></pre><script type="module">
                const tell = text => {"{"} document.querySelector("pre").textContent = text; {"}"};
                {module}
                </script>
                """);
            var start = new ProcessStartInfo(
                ChromiumPath,
                [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    $"--user-data-dir={folder.FullName}/profile", "--dump-dom", new Uri(page).AbsoluteUri,
                ])
            { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
            using var browser = Process.Start(start) ?? throw new InvalidOperationException($"{ChromiumPath} did not start.");
            var complaints = browser.StandardError.ReadToEndAsync();
            var dom = await browser.StandardOutput.ReadToEndAsync();
            await browser.WaitForExitAsync();
            return Told().Match(dom) is { Success: true } told
                ? WebUtility.HtmlDecode(told.Groups[1].Value)
                : throw new InvalidOperationException($"The script told nothing. Chromium said: {await complaints}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [GeneratedRegex("<pre>(.+?)</pre>", RegexOptions.Singleline)]
    private static partial Regex Told();
}
