using HmsOps.Observe.Exposition;
using Microsoft.Net.Http.Headers;

namespace HmsOps.Observe.Federation;

/// <summary>How names stand that are more than letters, digits and underscores.</summary>
public enum NameEscaping
{
    /// <summary>Each foreign character an underscore: what readers expect that do not say.</summary>
    Underscores,

    /// <summary>As <see cref="EscapedName"/> writes them.</summary>
    Values,

    /// <summary>As they are, in quotes.</summary>
    None,
}

/// <summary>The form that an asker likes best of those there are.</summary>
public sealed record FederationForm(ExpositionFormat Format, NameEscaping Escaping)
{
    /// <summary>What the answer says it is.</summary>
    public string ContentType => Format switch
    {
        ExpositionFormat.Protobuf => $"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping={Word}",
        ExpositionFormat.OpenMetrics => $"application/openmetrics-text; version=1.0.0; charset=utf-8; escaping={Word}",
        _ => $"text/plain; version={(Escaping == NameEscaping.None ? "1.0.0" : "0.0.4")}; charset=utf-8; escaping={Word}",
    };

    private string Word => Escaping switch { NameEscaping.None => "allow-utf-8", NameEscaping.Values => "values", _ => "underscores" };

    /// <summary>Reads <c>Accept</c>; text where it names nothing that is known.</summary>
    public static FederationForm Of(string? accept)
    {
        var best = new FederationForm(ExpositionFormat.Text, NameEscaping.Underscores);
        var bestQuality = 0.0;
        if (string.IsNullOrEmpty(accept) || !MediaTypeHeaderValue.TryParseList([accept], out var offers))
            return best;
        foreach (var offer in offers)
        {
            // Of equals the first counts.
            if (FormatOf(offer) is not { } format || (offer.Quality ?? 1) <= bestQuality)
                continue;
            bestQuality = offer.Quality ?? 1;
            best = new FederationForm(format, EscapingOf(Parameter(offer, "escaping")));
        }
        return best;
    }

    private static ExpositionFormat? FormatOf(MediaTypeHeaderValue offer) => offer.MediaType.ToString().ToLowerInvariant() switch
    {
        "application/vnd.google.protobuf" when Parameter(offer, "proto") == "io.prometheus.client.MetricFamily" && Parameter(offer, "encoding") == "delimited" => ExpositionFormat.Protobuf,
        "application/openmetrics-text" => ExpositionFormat.OpenMetrics,
        "text/plain" or "text/*" or "*/*" => ExpositionFormat.Text,
        _ => null,
    };

    private static NameEscaping EscapingOf(string? word) => word switch
    {
        "allow-utf-8" => NameEscaping.None,
        "values" => NameEscaping.Values,
        _ => NameEscaping.Underscores,
    };

    private static string? Parameter(MediaTypeHeaderValue offer, string name)
    {
        foreach (var parameter in offer.Parameters)
        {
            if (parameter.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return HeaderUtilities.RemoveQuotes(parameter.Value).ToString();
        }
        return null;
    }
}
