using HmsOps.Series;

namespace HmsOps.PromQL;

/// <summary>What an expression says at one time. Immutable.</summary>
/// <param name="Type"><see cref="PromType.Vector"/>, or <see cref="PromType.Scalar"/>: then there is one point without labels.</param>
/// <param name="Points">One point a series, sorted by labels.</param>
/// <param name="Annotations">What the asker should know about the answer, as Prometheus words it, each once.</param>
/// <param name="Usage">What it cost.</param>
public sealed record PromVector(PromType Type, IReadOnlyList<PromPoint> Points, IReadOnlyList<string> Annotations, PromUsage Usage);

/// <summary>What an answer cost.</summary>
/// <param name="Samples">Samples that were read.</param>
/// <param name="Points">Numbers that were held while it was worked out.</param>
public readonly record struct PromUsage(long Samples, long Points);

/// <summary>One sample of an answer.</summary>
/// <param name="Labels">Which series.</param>
/// <param name="Time">The time of evaluation, milliseconds since 1970.</param>
/// <param name="Value">The number; 0 where the sample is a histogram.</param>
/// <param name="Histogram">The histogram, or null where the sample is a number.</param>
public sealed record PromPoint(Labels Labels, long Time, double Value, NativeHistogram? Histogram);

/// <summary>What an expression says over a range of times. Immutable by convention: nobody writes into the columns.</summary>
/// <param name="Series">The series, sorted by labels.</param>
/// <param name="Annotations">What the asker should know about the answer, as Prometheus words it, each once.</param>
/// <param name="Usage">What it cost.</param>
public sealed record PromMatrix(IReadOnlyList<PromSeries> Series, IReadOnlyList<string> Annotations, PromUsage Usage);

/// <summary>One series of an answer, as columns; times at which it has no sample are left out.</summary>
/// <param name="Labels">Which series.</param>
/// <param name="Times">Milliseconds since 1970, ascending.</param>
/// <param name="Values">Numbers, one a time; 0 where the sample is a histogram.</param>
/// <param name="Histograms">Histograms, one a time, null where the sample is a number; null when the whole series is numbers.</param>
public sealed record PromSeries(Labels Labels, long[] Times, double[] Values, NativeHistogram?[]? Histograms);
