namespace HmsOps.Labs.Tests.Clients;

/// <summary>The jobs that are compared, by the names they have in both programs.</summary>
internal static class Jobs
{
    public const string NodeText = "node-text";
    public const string NodeProtobuf = "node-protobuf";
    public const string PythonText = "python-text";
    public const string PythonOpenMetrics = "python-openmetrics";
    public const string PythonMultiprocess = "python-multiprocess";
    public const string RemoteWrite = "remote-write";
    public const string Http = "otlp-http";
    public const string Grpc = "otlp-grpc";
    public const string HttpDifferences = "otlp-http-differences";
    public const string GrpcDifferences = "otlp-grpc-differences";

    /// <summary>What Prometheus and the hub scrape, both.</summary>
    public static string[] Scraped { get; } = [NodeText, NodeProtobuf, PythonText, PythonOpenMetrics, PythonMultiprocess];

    /// <summary>What a service exports to the hub, and shows to Prometheus.</summary>
    public static string[] Exported { get; } = [Http, Grpc, HttpDifferences, GrpcDifferences];

    /// <summary>Of these, the ones that send what was added since the last time.</summary>
    public static string[] Differences { get; } = [HttpDifferences, GrpcDifferences];
}
