using System.Text.Json;
using HmsOps.SideBySide.Data;
using HmsOps.SideBySide.Peers;

namespace HmsOps.SideBySide.Parts;

/// <summary>What one part found, by name, and what it could not find and why. The names are those of the raw lines.</summary>
internal sealed class Figures
{
    public const string Whole = "the whole part";
    public const string EmptyStart = "start on an empty folder, s";
    public const string IntakeWall = "intake, wall s";
    public const string SamplesPerCoreSecond = "intake, thousand samples per core-second";
    public const string CpuWithIdle = "CPU s per M samples with 20 s idle";
    public const string WriteMedian = "write request p50, ms";
    public const string WriteSlow = "write request p99, ms";
    public const string ResidentPerSeries = "RSS − empty, B per series";
    public const string PeakPerSeries = "peak RSS, B per series";
    public const string Resident = "RSS, MiB";
    public const string DiskAfterIntake = "disk after intake, B per sample";
    public const string DiskCompacted = "disk compacted, B per sample";
    public const string IndexCompacted = "of it index, B per sample";
    public const string SealPeak = "memory peak while compacting over steady, %";
    public const string Stop = "clean stop, s";
    public const string Restart = "restart to ready, s";
    public const string RestartAndQuery = "restart + first heavy query, s";
    public const string KilledRestart = "restart after kill -9, s";
    public const string Lost = "acknowledged samples lost by kill -9";
    public const string Alerts = "1,000 alert conditions asked in turn, CPU ms each";
    public const string HeavyQueryMemory = "heavy query, peak MiB above idle";
    public const string Compared = "samples compared with what was sent";
    public const string Wrong = "of them wrong or missing";
    public const string Rounded = "of them rounded, within 1e-9";

    public static string QueryCpu(Question question) => $"query CPU ms: {question.Name}";

    private readonly Dictionary<string, double> _values = [];
    private readonly Dictionary<string, string> _missing = [];

    public IReadOnlyDictionary<string, double> Values => _values;

    public IReadOnlyDictionary<string, string> Missing => _missing;

    public double this[string name]
    {
        set => _values[name] = value;
    }

    /// <summary>Measures something; when the server cannot, that is written down under its name.</summary>
    public async Task TryAsync(string what, Func<Task> measure)
    {
        try
        {
            await measure();
        }
        catch (OperationCanceledException late)
        {
            _missing[what] = late.InnerException is TimeoutException ? "did not answer within five minutes" : "the bound of the scale was over";
        }
        catch (Exception failure) when (failure is NotMeasuredException or HttpRequestException or JsonException or IOException || (what == Whole && failure is ServerGoneException))
        {
            _missing[what] = failure.Message;
        }
    }
}
