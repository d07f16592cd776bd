namespace HmsOps.Series;

/// <summary>The exemplars of one series, oldest first.</summary>
public sealed record SeriesExemplars(Labels Series, IReadOnlyList<SeriesExemplar> Exemplars);

/// <summary>One observation that stands for many.</summary>
/// <param name="Labels">Its own labels, as <c>trace_id</c>.</param>
/// <param name="Time">Milliseconds since 1970.</param>
/// <param name="Value">What was observed.</param>
public sealed record SeriesExemplar(Labels Labels, long Time, double Value);
