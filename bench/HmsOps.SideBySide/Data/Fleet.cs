using System.Buffers.Binary;
using System.Globalization;
using HmsOps.Series;

namespace HmsOps.SideBySide.Data;

/// <summary>
/// What a fleet of nodes with containers exports: 200 metrics, eleven labels a series (about 300 bytes), values as their kinds have them. Made of a
/// seed: every peer and every run is sent the same bytes, but for the time.
/// </summary>
/// <remarks>
/// A series is one of its kind without its name too, or no rate over all of them could be summed. Twelve of the metrics are the buckets of one histogram. Of 100 of the others 40 do not change, 12 count idly (a step in one of eight scrapes), 15 count busily, 12 are CPU seconds in steps of 0.01, 6 are bytes
/// in pages, 6 integer gauges, 5 gauges with one decimal, 2 sums of floats, 2 full-mantissa ratios.
/// </remarks>
internal sealed class Fleet
{
    private const int Metrics = 200;
    private const int FirstBucket = 100; // of the 200 these are buckets of one histogram instead

    private static readonly string[] Bounds = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];

    /// <summary>The metrics' names.</summary>
    public static IEnumerable<string> MetricNames => Enumerable.Range(0, Metrics).Select(MetricName).Distinct();

    private readonly Scale _scale;
    private readonly ulong[] _random;
    private readonly double[] _values;
    private readonly byte[][] _labels;
    private readonly SortedSet<int> _watched = [];
    private readonly List<Witness> _remembered = [];
    private readonly Witness?[] _witnesses;
    private int _generation;
    private double _within;

    /// <summary>Every place in it begins its first series.</summary>
    /// <param name="scale">How much of it there is.</param>
    /// <param name="witnesses">Of how many places in the fleet every sample is remembered: drawn from a fixed seed.</param>
    public Fleet(Scale scale, int witnesses)
    {
        _scale = scale;
        _witnesses = new Witness?[scale.Series];
        var draw = new Random(17);
        for (var i = 0; i < witnesses; i++)
            _watched.Add(draw.Next(scale.Series));
        _random = new ulong[scale.Series];
        _values = new double[scale.Series];
        _labels = new byte[scale.Series][];
        for (var i = 0; i < scale.Series; i++)
            Begin(i, generation: 0);
    }

    /// <summary>What was made of the series that are watched, those that were replaced too.</summary>
    public IReadOnlyList<Witness> Witnesses => _remembered;

    /// <summary>The bodies of one scrape of everything, uncompressed: a request at a time.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Scrape(int scrape, long time)
    {
        if (_scale.ChurnEvery > 0 && scrape > 0 && scrape % _scale.ChurnEvery == 0)
            Churn();
        var body = new Body();
        for (var first = 0; first < _scale.Series; first += Scale.SamplesARequest)
        {
            body.Clear();
            for (var i = first; i < Math.Min(_scale.Series, first + Scale.SamplesARequest); i++)
            {
                _values[i] = Next(i, scrape);
                body.Add(_labels[i], time, _values[i]);
            }
            foreach (var i in _watched.GetViewBetween(first, Math.Min(_scale.Series, first + Scale.SamplesARequest) - 1))
                _witnesses[i]!.Samples.Add((time, _values[i])); // made when its series began
            yield return body.Written;
        }
    }

    private void Churn()
    {
        _generation++;
        for (var i = _generation % 50; i < _scale.Series; i += 50)
            Begin(i, _generation);
    }

    private void Begin(int series, int generation)
    {
        _random[series] = 0x9E3779B97F4A7C15UL * (ulong)(series + 1 + 7_919 * generation);
        _values[series] = Math.Floor(Chance(series) * 1_000_000);
        var labels = LabelsOf(series, generation);
        _labels[series] = labels.Bytes.ToArray();
        if (!_watched.Contains(series))
            return;
        _witnesses[series] = new Witness(labels.ToString(), []);
        _remembered.Add(_witnesses[series]!); // made above
    }

    private static Labels LabelsOf(int series, int generation)
    {
        var (metric, place) = (series % Metrics, series / Metrics);
        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
        return Labels.From([
            .. BucketOf(metric) is >= 0 and var bucket ? [("le", Bounds[bucket])] : Array.Empty<(string, string)>(),
            ("__name__", MetricName(metric)),
            ("cluster", "county-north-1"),
            ("container", $"app-{Text(metric)}"),
            ("endpoint", "https-metrics"),
            ("instance", $"10.12.{Text(place / 250 % 250)}.{Text(place % 250)}:10250"),
            ("job", "kubelet"),
            ("namespace", $"agency-{Text(place % 23)}"),
            ("node", $"node-{Text(place)}.county.example"),
            ("pod", $"permit-portal-{Text(place)}-{(uint)(place * 2_654_435_761 + generation):x8}"),
            ("service", "prometheus-operator-kubelet"),
            ("zone", $"north-{Text(place % 3)}")]);
    }

    private static int BucketOf(int metric) => metric >= FirstBucket && metric < FirstBucket + Bounds.Length ? metric - FirstBucket : -1;

    private static string MetricName(int metric) => BucketOf(metric) >= 0 ? "http_request_duration_seconds_bucket" : string.Create(CultureInfo.InvariantCulture, $"container_{Kinds[metric % Kinds.Length]}_{metric}");

    private double Next(int series, int scrape)
    {
        var value = _values[series];
        if (BucketOf(series % Metrics) is >= 0 and var bucket)
        {
            _within = Math.Floor(Chance(series) * 20) + (bucket == 0 ? 0 : _within); // those of the buckets below are in it: they come before it
            return value + _within;
        }
        var metric = series % 100;
        return metric switch
        {
            < 40 => value,
            < 52 => Chance(series) < 0.125 ? value + 1 : value,
            < 67 => value + Math.Floor(Chance(series) * 400),
            < 79 => Math.Round(value + Chance(series) * 15, 2),
            < 85 => value + 4096 * Math.Floor(Chance(series) * 64 - 32),
            < 91 => value + Math.Floor(Chance(series) * 9) - 4,
            < 96 => Math.Round(40 + 30 * Chance(series), 1),
            < 98 => value + Chance(series),
            _ => scrape == 0 ? Chance(series) : Math.Sqrt(Chance(series)),
        };
    }

    // SplitMix64: a state of eight bytes a series.
    private double Chance(int series)
    {
        var z = _random[series] += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    private static readonly string[] Kinds = ["cpu_usage_seconds_total", "memory_working_set_bytes", "network_receive_packets_total", "fs_reads_total", "tasks_state"];

    // A WriteRequest of remote write 1.0: one sample a series.
    private sealed class Body
    {
        private byte[] _bytes = new byte[4 << 20];
        private int _length;

        public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

        public void Clear() => _length = 0;

        public void Add(ReadOnlySpan<byte> labels, long time, double value)
        {
            Span<byte> sample = stackalloc byte[24];
            sample[0] = 0x09; // value, fixed64
            BinaryPrimitives.WriteDoubleLittleEndian(sample[1..], value);
            sample[9] = 0x10; // timestamp, varint
            var sampleLength = 10 + Varint.Write(sample[10..], (ulong)time);
            var length = labels.Length + 2 + sampleLength;
            if (_length + length + 16 > _bytes.Length)
                Array.Resize(ref _bytes, _bytes.Length * 2);
            var into = _bytes.AsSpan(_length);
            into[0] = 0x0a; // timeseries
            var at = 1 + Varint.Write(into[1..], (ulong)length);
            labels.CopyTo(into[at..]);
            at += labels.Length;
            into[at++] = 0x12; // samples
            into[at++] = (byte)sampleLength;
            sample[..sampleLength].CopyTo(into[at..]);
            _length += at + sampleLength;
        }
    }
}

/// <summary>A series, as a selector finds it, and what was sent of it.</summary>
internal sealed record Witness(string Selector, List<(long Time, double Value)> Samples);
