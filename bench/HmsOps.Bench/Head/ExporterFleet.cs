using HmsOps.Series;

namespace HmsOps.Bench.Head;

/// <summary>Series as exporters have them, and their values: a third rests, the others count, measure and wander.</summary>
internal sealed class ExporterFleet
{
    public const int StepMs = 15_000;

    private const int SeriesPerInstance = 500;

    private readonly double[] _values;
    private readonly Random _dice = new(1);

    public ExporterFleet(int series)
    {
        _values = new double[series];
        Keys = new Labels[series];
        for (var i = 0; i < series; i++)
        {
            Keys[i] = Labels.From(
                ("__name__", $"node_metric_{i % SeriesPerInstance / 10}_total"), ("instance", $"10.1.{i / SeriesPerInstance / 250}.{i / SeriesPerInstance % 250}:9100"),
                ("job", "node"), ("cluster", "prod-eu-1"), ("namespace", "monitoring"), ("device", $"dev{i % 10}"), ("mode", i % 2 == 0 ? "idle" : "system"));
            _values[i] = (i % 20) < 7 ? i % 5 : _dice.Next(1_000_000);
        }
    }

    public Labels[] Keys { get; }

    public double Next(int series)
    {
        ref var value = ref _values[series];
        value = (series % 20) switch
        {
            < 7 => value, // rests
            < 12 => value + _dice.Next(200), // counts
            < 14 => value + (_dice.Next(4) == 0 ? 1 : 0), // counts now and then
            < 16 => (Math.Round(value * 100) + _dice.Next(1_500)) / 100, // seconds, to two decimals
            < 18 => value + (4_096 * _dice.Next(-50, 50)), // bytes, in pages
            18 => Math.Round(value) + _dice.Next(-3, 4), // wanders
            _ => value * (0.99 + (_dice.NextDouble() * 0.02)), // a ratio of every digit
        };
        return value;
    }
}
