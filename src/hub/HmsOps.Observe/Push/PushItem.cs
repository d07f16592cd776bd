namespace HmsOps.Observe.Push;

/// <summary>One item of a body of <c>POST /metric</c>, as it was written.</summary>
internal sealed class PushItem
{
    public string? Name { get; set; }

    public double? Value { get; set; }

    public List<double>? Values { get; set; }

    /// <summary>Milliseconds since 1970; null when the item carries no time.</summary>
    public long? Time { get; set; }

    public string Id { get; set; } = "";

    public string? Type { get; set; }

    public List<(string Name, string Value)> Labels { get; } = [];

    /// <summary>Why the item cannot be taken, found while reading it; null when it reads well.</summary>
    public (string Reason, string Detail)? Flaw { get; set; }
}
