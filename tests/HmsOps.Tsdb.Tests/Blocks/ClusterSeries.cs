using System.Buffers;
using System.Text;
using HmsOps.Series;

namespace HmsOps.Tsdb.Tests.Blocks;

/// <summary>
/// The series of a Kubernetes cluster as its Prometheus sees them, eleven labels each: forty metrics of each pod's containers, and four hundred
/// of each node's exporter. Label sets come in the order of rows; times are shared by the series of a target, as those of a scrape are.
/// </summary>
internal sealed class ClusterSeries
{
    public const int MetricsOfPod = 40;
    public const int MetricsOfNode = 400;
    public const int Interval = 15_000;

    private const int PodsOfNode = 40;
    private const string Digits = "bcdfghjklmnpqrstvwxz2456789";

    private static readonly string[] Words = ["api", "cache", "court", "docket", "gateway", "hearing", "index", "ledger", "mail", "permit", "queue", "search", "tax", "web", "worker"];

    private readonly List<(string Metric, List<(byte[] Others, int Target)> Series)> _metrics = [];

    public ClusterSeries(int pods, int seed)
    {
        var dice = new Random(seed);
        Targets = pods / PodsOfNode;
        var ofPods = Enumerable.Range(0, pods).Select(pod => (Labels.From(PodLabels(dice, pod)), pod / PodsOfNode)).ToList();
        Sort(ofPods);
        for (var i = 0; i < MetricsOfPod; i++)
            _metrics.Add(($"container_{Words[i % Words.Length]}_{Words[i * 7 % Words.Length]}_{i:d2}_total", [.. ofPods.Select(of => (of.Item1.Bytes.ToArray(), of.Item2))]));
        for (var i = 0; i < MetricsOfNode; i++)
        {
            var ofNodes = Enumerable.Range(0, Targets).Select(node => (Labels.From(NodeLabels(node, i)), node)).ToList();
            Sort(ofNodes);
            _metrics.Add(($"node_{Words[i % Words.Length]}_{i / 8:d2}_{(i % 8 == 0 ? "bytes" : "seconds_total")}", [.. ofNodes.Select(of => (of.Item1.Bytes.ToArray(), of.node))]));
        }
        Merge();
    }

    public int Targets { get; }

    public int Count => _metrics.Sum(metric => metric.Series.Count);

    /// <summary>Walks the label sets, each with its target. The bytes are used again for the next.</summary>
    public IEnumerable<(Labels Labels, int Target, int Number)> Rows()
    {
        var number = 0;
        foreach (var (metric, series) in _metrics)
        {
            var name = new ArrayBufferWriter<byte>();
            LabelBytes.Write(name, Labels.MetricName, Encoding.UTF8.GetBytes(metric));
            foreach (var (rest, target) in series)
            {
                byte[] bytes = [.. name.WrittenSpan, .. rest];
                yield return (Labels.TryFromBytes(bytes, out var labels) ? labels : throw new InvalidOperationException(metric), target, number++);
            }
        }
    }

    /// <summary>Scrapes of one target: every fifteen seconds, to the millisecond.</summary>
    public static long[] Times(int target, int samples) =>
        [.. Enumerable.Range(0, samples).Select(i => 1_700_000_000_000 + (target * 7919L % Interval) + (i * (long)Interval))];

    /// <summary>Values of a series, of the kinds that monitored machines have, two in five of them idle.</summary>
    public static void Fill(Span<double> values, int number)
    {
        var dice = new Random(number);
        var value = (double)dice.Next(1_000_000);
        for (var i = 0; i < values.Length; i++)
        {
            value = (number % 10) switch
            {
                0 or 1 or 2 => value,
                3 => value + (dice.Next(20) == 0 ? 1 : 0),
                4 or 5 => value + dice.Next(1000),
                6 => value + (4096 * dice.Next(-100, 101)),
                7 => value + dice.Next(-3, 4),
                8 => Math.Round(value + (dice.Next(1500) / 100.0), 2),
                _ => dice.NextDouble(),
            };
            values[i] = value;
        }
    }

    // Two metrics may have drawn the same name: one metric then, its rows in order.
    private void Merge()
    {
        var merged = _metrics.GroupBy(metric => metric.Metric, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group =>
        {
            var series = group.SelectMany(metric => metric.Series).Select(of => (Labels.TryFromBytes(of.Others, out var labels) ? labels : default, of.Target)).ToList();
            Sort(series);
            return (group.Key, series.Select(of => (of.Item1.Bytes.ToArray(), of.Target)).ToList());
        }).ToArray();
        _metrics.Clear();
        _metrics.AddRange(merged);
    }

    private static void Sort(List<(Labels Labels, int)> series) => series.Sort((a, b) => Labels.Compare(a.Labels, b.Labels));

    private static (string, string)[] PodLabels(Random dice, int pod)
    {
        var app = dice.Next(220);
        var name = $"{Words[app % Words.Length]}-{Words[app / Words.Length]}";
        var node = pod / PodsOfNode;
        return
        [
            ("container", name), ("endpoint", "https-metrics"), ("image", $"registry.county.example/{Words[app % 9]}/{name}:v1.{app % 17}.{app % 5}"),
            ("instance", $"10.{node / 250}.{node % 250}.7:10250"), ("job", "kubelet"), ("metrics_path", "/metrics/cadvisor"),
            ("namespace", $"{Words[app % 9]}-{(app % 6 == 0 ? "staging" : "prod")}"), ("node", $"ip-10-{node / 250}-{node % 250}-7.county.example"),
            ("pod", $"{name}-{Suffix(dice, 9)}-{Suffix(dice, 5)}"), ("service", "prometheus-kubelet"),
        ];
    }

    private static (string, string)[] NodeLabels(int node, int metric) =>
    [
        ("container", "node-exporter"), ("cpu", $"{metric % 32}"), ("endpoint", "metrics"), ("instance", $"10.{node / 250}.{node % 250}.7:9100"), ("job", "node-exporter"),
        ("mode", Words[metric % 8]), ("namespace", "monitoring"), ("node", $"ip-10-{node / 250}-{node % 250}-7.county.example"), ("pod", $"node-exporter-{node * 7919 % 99991:x5}"), ("service", "node-exporter"),
    ];

    private static string Suffix(Random dice, int length) => string.Concat(Enumerable.Range(0, length).Select(_ => Digits[dice.Next(Digits.Length)]));
}
