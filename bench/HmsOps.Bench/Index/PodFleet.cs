using System.Text;
using HmsOps.Series;

namespace HmsOps.Bench.Index;

/// <summary>
/// What a Kubernetes cluster sends whose pods come and go: few names, each pod a hundred series of eleven labels, a job's pods alike. Each
/// pod is new, so its name and its address are; node, namespace and the rest come again.
/// </summary>
internal static class PodFleet
{
    public const int SeriesPerPod = 100;

    private const int Jobs = 40;
    private const int Nodes = 200;

    /// <summary>The series of one pod.</summary>
    public static Labels[] Pod(int number)
    {
        var random = new Random(number);
        var job = random.Next(Jobs);
        var pod = $"svc-{job}-{Hex(random, 9)}-{Hex(random, 5)}";
        var instance = $"10.{random.Next(4)}.{random.Next(256)}.{random.Next(256)}:8080";
        var node = $"node-{random.Next(Nodes):000}.eu-central.example";
        return [.. Enumerable.Range(0, SeriesPerPod).Select(i => Labels.From(
            ("__name__", Metric(job, i)), ("cluster", "prod-eu"), ("container", $"svc-{job}"), ("endpoint", job % 4 == 0 ? "http-metrics" : "metrics"),
            ("instance", instance), ("job", $"svc-{job}"), ("namespace", $"team-{job % 12}"), ("node", node), ("pod", pod), ("service", $"svc-{job}"),
            i < 48 ? ("le", Bounds[i % 12]) : ("handler", $"/api/v1/{i % 7}")))];
    }

    // The first 48 are the buckets of four histograms; of the rest, half are the runtime's, the same in all jobs.
    private static string Metric(int job, int i) => i switch
    {
        < 48 => $"http_request_{i / 12}_duration_seconds_bucket",
        < 74 => $"process_runtime_counter_{i}_total",
        _ => $"svc_{job}_operation_{i}_total",
    };

    private static readonly string[] Bounds = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];

    private static string Hex(Random random, int length)
    {
        var text = new StringBuilder(length);
        for (var i = 0; i < length; i++)
            text.Append("bcdfghjklmnpqrstvwxz2456789"[random.Next(27)]);
        return text.ToString();
    }
}
