using System.Text.Json.Serialization;

namespace HmsOps.Act.Paging.Webhook;

/// <summary>The body of a call. Fields are added to it, never changed.</summary>
internal sealed record WebhookPage(
    string Key, string Incident, string To, string Subject, string Body, bool PossibleRepeat, SortedDictionary<string, string> Facts)
{
    /// <summary>The same page is always the same bytes: facts in the order of their names.</summary>
    public static WebhookPage Of(PageMessage message) => new(
        message.Key, message.Incident, message.To, message.Subject, message.Body, message.PossibleRepeat,
        new SortedDictionary<string, string>(message.Facts.ToDictionary(), StringComparer.Ordinal));
}

[JsonSerializable(typeof(WebhookPage))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class WebhookJson : JsonSerializerContext;
