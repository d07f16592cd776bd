namespace HmsOps.Fuzz.Decoders;

/// <summary>Every decoder of the product that reads bytes it did not just write. A new one gets a line in its room's list.</summary>
static class Every
{
    public static IReadOnlyList<Decoder> Decoder { get; } =
    [
        .. ChunkDecoders.All,
        .. BlockDecoders.All,
        .. MetricLogDecoders.All,
        .. LogDecoders.All,
        .. LedgerDecoders.All,
        .. WireDecoders.All,
        .. MetricDoorDecoders.All,
        .. ExpositionDecoders.All,
        .. PromQlDecoders.All,
        .. PatternDecoders.All,
        .. WorkspaceDecoders.All,
        .. NameDecoders.All,
    ];
}
