using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace HmsOps.Labs.Tests.Queries;

/// <summary>
/// The requests that the Prometheus data source of Grafana 12 sends for what people do in it: method, address, names and forms of the parameters, headers. Known from its sources,
/// <c>pkg/promlib</c> (its server's half) and <c>packages/grafana-prometheus</c> (its pages').
/// </summary>
/// <param name="http">Leads to what is asked.</param>
/// <param name="triesPostFirst">How releases of 12 differ: one asks by POST wherever it is not sure, and by GET once it is told 405 or 400; a later one knows what is asked by GET.</param>
internal sealed class GrafanaDataSource(HttpClient http, bool triesPostFirst = false)
{
    private const string UserAgent = "Grafana/12.2.0";
    private const string ItemsMax = "40000"; // of one list

    private static readonly string[] ByGet = ["api/v1/label/", "api/v1/metadata"];

    private static readonly string[] ByGetLater =
        ["api/v1/targets", "api/v1/rules", "api/v1/alerts", "api/v1/alertmanagers", "api/v1/status/", "api/v1/notifications"];

    /// <summary>Methods and statuses of the last question, in order.</summary>
    public List<string> Tried { get; } = [];

    /// <summary><i>Save and test</i>: the sum of 1 and 1 four seconds after 1970.</summary>
    public Task<JsonElement> CheckHealthAsync() => QueryAsync("api/v1/query", ("query", "1+1"), ("time", "4"));

    /// <summary>… and what answers there.</summary>
    public Task<JsonElement> BuildInfoAsync() => ResourceAsync("api/v1/status/buildinfo");

    /// <summary>A panel over a range: its ends rounded down to the step, as numbers of seconds.</summary>
    public Task<JsonElement> RangeAsync(string expression, long fromMs, long toMs, long stepMs) => QueryAsync(
        "api/v1/query_range", ("query", expression), ("start", Number(Aligned(fromMs, stepMs))), ("end", Number(Aligned(toMs, stepMs))), ("step", Number(stepMs)), ("timeout", "60s"));

    /// <summary>A panel of one moment, an alert rule of Grafana's: the end of the range, not rounded.</summary>
    public Task<JsonElement> InstantAsync(string expression, long atMs) => QueryAsync("api/v1/query", ("query", expression), ("time", Number(atMs)), ("timeout", "60s"));

    /// <summary>Exemplars beside a panel.</summary>
    public Task<JsonElement> ExemplarsAsync(string expression, long fromMs, long toMs, long stepMs) =>
        QueryAsync("api/v1/query_exemplars", ("query", expression), ("start", Number(Aligned(fromMs, stepMs))), ("end", Number(Aligned(toMs, stepMs))));

    /// <summary>Whether there may be exemplars at all: asked once, with times in milliseconds where seconds belong.</summary>
    public Task<JsonElement> TryExemplarsAsync(long nowMs) => ResourceAsync("api/v1/query_exemplars", ("query", "test"), ("start", $"{nowMs - 1_800_000}"), ("end", $"{nowMs}"));

    /// <summary>Rules, for recording rules that are shown in full; by the alerting pages too.</summary>
    public Task<JsonElement> RulesAsync() => ResourceAsync("api/v1/rules");

    public Task<JsonElement> AlertsAsync() => ResourceAsync("api/v1/alerts");

    public Task<JsonElement> MetadataAsync(int limit) => ResourceAsync("api/v1/metadata", ("limit", $"{limit}"));

    /// <summary>Names of labels, of series that match where something is chosen.</summary>
    public Task<JsonElement> LabelsAsync(long fromMs, long toMs, params string[] selectors) =>
        ResourceAsync("api/v1/labels", [("limit", ItemsMax), .. Minutes(fromMs, toMs), .. Matching(selectors)]);

    public Task<JsonElement> LabelValuesAsync(string label, long fromMs, long toMs, params string[] selectors) =>
        ResourceAsync($"api/v1/label/{Escaped(label)}/values", [("limit", ItemsMax), .. Minutes(fromMs, toMs), .. Matching(selectors)]);

    public Task<JsonElement> SeriesAsync(long fromMs, long toMs, string selector) =>
        ResourceAsync("api/v1/series", [("start", $"{fromMs / 1_000}"), ("end", $"{(toMs + 999) / 1_000}"), ("match[]", selector), ("limit", ItemsMax)]);

    /// <summary>Suggestions for a filter: a POST without a body, its parameters in the address.</summary>
    public Task<JsonElement> SuggestLabelsAsync(long fromMs, long toMs, params string[] selectors) =>
        SendAsync(HttpMethod.Post, "api/v1/labels", [.. Matching(selectors), .. Minutes(fromMs, toMs), ("limit", "1000")], inAddress: true);

    /// <summary>A variable made of a query's answer: <c>query_result(…)</c>.</summary>
    public Task<JsonElement> QueryResultAsync(string expression, long toMs) => ResourceAsync("api/v1/query", ("query", expression), ("time", $"{(toMs + 999) / 1_000}"));

    /// <summary>A form that is posted.</summary>
    private Task<JsonElement> QueryAsync(string address, params IReadOnlyList<(string, string)> parameters)
    {
        Tried.Clear();
        return SendAsync(HttpMethod.Post, address, parameters);
    }

    private async Task<JsonElement> ResourceAsync(string address, params IReadOnlyList<(string, string)> parameters)
    {
        Tried.Clear();
        if (ByGet.Concat(triesPostFirst ? [] : ByGetLater).Any(known => address.StartsWith(known, StringComparison.Ordinal)))
            return await SendAsync(HttpMethod.Get, address, parameters);
        var posted = await SendAsync(HttpMethod.Post, address, parameters);
        return Tried[^1] is "POST 405" or "POST 400" ? await SendAsync(HttpMethod.Get, address, parameters) : posted;
    }

    private async Task<JsonElement> SendAsync(HttpMethod method, string address, IReadOnlyList<(string Name, string Value)> parameters, bool inAddress = false)
    {
        var encoded = string.Join('&', parameters.Select(one => $"{Uri.EscapeDataString(one.Name)}={Uri.EscapeDataString(one.Value).Replace("%20", "+", StringComparison.Ordinal)}"));
        inAddress |= method == HttpMethod.Get;
        using var request = new HttpRequestMessage(method, new Uri(inAddress && encoded.Length > 0 ? $"{address}?{encoded}" : address, UriKind.Relative));
        request.Headers.UserAgent.ParseAdd(UserAgent);
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        if (method == HttpMethod.Post)
        {
            request.Content = new ByteArrayContent(Encoding.ASCII.GetBytes(inAddress ? "" : encoded));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-www-form-urlencoded");
        }
        using var answer = await http.SendAsync(request);
        Tried.Add($"{method} {(int)answer.StatusCode}");
        var body = await BodyAsync(answer);
        if (!answer.IsSuccessStatusCode && !body.StartsWith('{'))
            return default; // Prometheus says 405 in plain words
        using var json = JsonDocument.Parse(body);
        return json.RootElement.Clone();
    }

    private static async Task<string> BodyAsync(HttpResponseMessage answer)
    {
        await using var bytes = await answer.Content.ReadAsStreamAsync();
        var isPacked = answer.Content.Headers.ContentEncoding.Contains("gzip");
        await using var plain = isPacked ? new GZipStream(bytes, CompressionMode.Decompress) : bytes;
        using var reader = new StreamReader(plain, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }

    private static IEnumerable<(string, string)> Matching(IEnumerable<string> selectors) => selectors.Select(selector => ("match[]", selector));

    // What may be kept is asked by whole minutes.
    private static IEnumerable<(string, string)> Minutes(long fromMs, long toMs) => [("start", $"{fromMs / 60_000 * 60}"), ("end", $"{(toMs + 59_999) / 60_000 * 60}")];

    private static long Aligned(long timeMs, long stepMs) => timeMs - timeMs % stepMs;

    // Seconds as the shortest text that reads back as the same float64.
    private static string Number(long milliseconds) => (milliseconds / 1_000.0).ToString("R", CultureInfo.InvariantCulture);

    // A name that is more than letters, digits and underscores, in an address.
    private static string Escaped(string label) => label.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
        ? label
        : $"U__{string.Concat(label.Select(c => c == '_' ? "__" : char.IsAsciiLetterOrDigit(c) ? $"{c}" : $"_{(int)c:x2}_"))}";
}
