using HmsOps.SideBySide.Data;
using HmsOps.SideBySide.Parts;

namespace HmsOps.SideBySide.Table;

/// <summary>A line of the table: one figure at one scale, and what it is to be.</summary>
/// <param name="Scale">Where it is measured; `small` shows those of `fleet`, to see that the program works.</param>
/// <param name="Title">As the table calls it.</param>
/// <param name="Figure">Its name in the raw lines.</param>
/// <param name="Must">The ratio to the better of the others that is a must; of <see cref="IsAbsolute"/> the figure itself. Null: no target.</param>
/// <param name="Aim">What is aimed at.</param>
internal sealed record TableLine(string Scale, string Title, string Figure, double? Must = null, double? Aim = null)
{
    /// <summary>Over the questions all servers answer; made by the report, not measured.</summary>
    public const string GeometricMean = "queries, geometric mean, CPU ms";

    /// <summary>The target is a figure, not a ratio.</summary>
    public bool IsAbsolute { get; init; }

    public bool MoreIsBetter => Figure == Figures.SamplesPerCoreSecond;

    /// <summary>All of them, in the order of the design's targets.</summary>
    public static IReadOnlyList<TableLine> All { get; } =
    [
        new("fleet", "intake, thousand samples per core-second", Figures.SamplesPerCoreSecond, 2, 4),
        new("wide", "… each series touched 8 times", Figures.SamplesPerCoreSecond, 2, 3),
        new("fleet", "CPU s per M samples with 20 s idle", Figures.CpuWithIdle, 0.6, 0.35),
        new("fleet", "write request of 5,000 samples, p50, ms", Figures.WriteMedian),
        new("fleet", "write request of 5,000 samples, p99, ms", Figures.WriteSlow, 0.3, 0.1),
        new("fleet", "RSS − empty, B per active series", Figures.ResidentPerSeries, 0.4, 0.25),
        new("fleet", "RSS, MiB", Figures.Resident, 0.8),
        new("wide", "peak RSS, B per active series", Figures.PeakPerSeries, 1.0, 0.8),
        new("fleet", "disk after intake, B per sample", Figures.DiskAfterIntake, 0.9, 0.7),
        new("fleet", "disk compacted, B per sample", Figures.DiskCompacted, 0.7, 0.55),
        new("fleet", "… index part", Figures.IndexCompacted, 0.5, 0.3),
        new("day", "disk compacted, B per sample", Figures.DiskCompacted, 1.0, 0.85),
        new("day", "… index part", Figures.IndexCompacted),
        new("wide", "disk compacted, B per sample", Figures.DiskCompacted, 0.6, 0.45),
        new("wide", "… index part", Figures.IndexCompacted),
        new("fleet", "clean stop, s", Figures.Stop, 0.5, 0.25),
        new("wide", "clean stop, s", Figures.Stop),
        new("fleet", "restart to ready, s", Figures.Restart, 2.5, 1.5),
        new("wide", "restart to ready, s", Figures.Restart, 2.0, 1.4),
        new("fleet", "restart + first heavy query, s", Figures.RestartAndQuery, 2.0, 1.3),
        new("wide", "restart + first heavy query, s", Figures.RestartAndQuery, 0.6, 0.4),
        new("fleet", "restart after kill -9, s", Figures.KilledRestart),
        new("fleet", "acknowledged samples lost by kill -9", Figures.Lost, 0, 0) { IsAbsolute = true },
        new("wide", "restart after kill -9, s", Figures.KilledRestart, 4, 3) { IsAbsolute = true },
        new("wide", "acknowledged samples lost by kill -9", Figures.Lost, 0, 0) { IsAbsolute = true },
        new("fleet", GeometricMean, GeometricMean, 0.43, 0.25),
        new("fleet", "`sum(rate(all[5m]))`, CPU ms", Figures.QueryCpu(Question.Heavy), 0.25, 0.1),
        new("fleet", "the same, 30 min range, CPU ms", Figures.QueryCpu(Question.Heaviest), 0.2, 0.1),
        new("fleet", "`count by (__name__)`, CPU ms", Figures.QueryCpu(Question.CountByName), 0.1, 0.02),
        new("fleet", "single series, CPU ms", Figures.QueryCpu(Question.OneSeries), 1.0, 0.8),
        new("fleet", "label names, CPU ms", Figures.QueryCpu(Question.LabelNames), 1.0, 0.8),
        new("fleet", Figures.HeavyQueryMemory, Figures.HeavyQueryMemory, 0.3, 0.1),
        new("fleet", Figures.Alerts, Figures.Alerts, 0.4, 0.2),
        new("fleet", Figures.SealPeak, Figures.SealPeak, 10, 5) { IsAbsolute = true },
        new("wide", Figures.SealPeak, Figures.SealPeak, 10, 5) { IsAbsolute = true },
        new("fleet", "samples of 200 series wrong or missing", Figures.Wrong, 0, 0) { IsAbsolute = true },
        new("wide", "samples of 200 series wrong or missing", Figures.Wrong, 0, 0) { IsAbsolute = true },
        new("day", "samples of 200 series wrong or missing", Figures.Wrong, 0, 0) { IsAbsolute = true },
        new("fleet", "… rounded", Figures.Rounded),
        new("day", "… rounded", Figures.Rounded),
    ];
}
