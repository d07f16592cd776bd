using System.Text.Json;

namespace HmsOps.App.Demo;

/// <summary>The phone of whoever is on call: takes the hub's web hook and says what it shows.</summary>
internal sealed class OnCallPhone(Action<string> print)
{
    /// <summary>Takes one page.</summary>
    public async Task RingAsync(HttpContext http)
    {
        using var page = await JsonDocument.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted);
        print($"page: {TextOf(page, "to")}: {TextOf(page, "subject")}");
    }

    private static string TextOf(JsonDocument page, string name) => page.RootElement.GetProperty(name).GetString() ?? "";
}
