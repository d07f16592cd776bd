namespace HmsOps.Workspace.Scraping;

/// <summary>Targets that are found and asked in one way: a service of the workspace, or a job of an imported Prometheus file. Immutable.</summary>
public sealed record ScrapeSet
{
    /// <summary>The label <c>job</c> of everything scraped here.</summary>
    public required string Job { get; init; }

    /// <summary>The service it is, empty for an imported job.</summary>
    public string Service { get; init; } = "";

    /// <summary>Where it is written: <c>services/permit.yaml:1</c>.</summary>
    public required string Citation { get; init; }

    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    public string Scheme { get; init; } = "http";

    public string Path { get; init; } = "/metrics";

    public IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> Params { get; init; } = [];

    /// <summary>Labels the target sends win over ours.</summary>
    public bool HonorLabels { get; init; }

    /// <summary>Times the target sends are kept.</summary>
    public bool HonorTimestamps { get; init; } = true;

    /// <summary>Series with times of their own end like the others.</summary>
    public bool TrackTimestamps { get; init; }

    /// <summary>The classic series of a histogram that has native buckets are kept too.</summary>
    public bool ClassicToo { get; init; }

    /// <summary>The format of an answer that names none; null: such an answer is refused.</summary>
    public string? Fallback { get; init; }

    public bool Compressed { get; init; } = true;

    public bool FollowRedirects { get; init; } = true;

    /// <summary>Samples a scrape may bring after relabelling; null: the hub's own limit.</summary>
    public int? SampleLimit { get; init; }

    /// <summary>Labels a series may have; null: the hub's own limit.</summary>
    public int? LabelLimit { get; init; }

    public ScrapeAccess Access { get; init; } = ScrapeAccess.None;

    public IReadOnlyList<RelabelRule> Relabel { get; init; } = [];

    public IReadOnlyList<RelabelRule> MetricRelabel { get; init; } = [];

    public IReadOnlyList<StaticTargets> Static { get; init; } = [];

    public IReadOnlyList<FileTargets> Files { get; init; } = [];

    public IReadOnlyList<HttpTargets> Http { get; init; } = [];

    public IReadOnlyList<DnsTargets> Dns { get; init; } = [];
}

/// <summary>What a target wants to see before it answers, and how we know it.</summary>
public sealed record ScrapeAccess
{
    public static ScrapeAccess None { get; } = new();

    public string? User { get; init; }

    public Credential? Password { get; init; }

    /// <summary>The word before the token, as <c>Bearer</c>.</summary>
    public string TokenType { get; init; } = "Bearer";

    public Credential? Token { get; init; }

    public IReadOnlyList<KeyValuePair<string, Credential>> Headers { get; init; } = [];

    /// <summary>Whom the target's certificate has to come from; null: whom the machine trusts.</summary>
    public Credential? Authority { get; init; }

    public Credential? Certificate { get; init; }

    public Credential? Key { get; init; }

    /// <summary>The name the certificate has to bear; null: the target's own.</summary>
    public string? ServerName { get; init; }

    /// <summary>Any certificate will do.</summary>
    public bool TrustsAnyone { get; init; }
}

/// <summary>Where a credential is found. Its value is in no version of the workspace.</summary>
public abstract record Credential
{
    private Credential()
    {
    }

    /// <summary>A secret the administrator named.</summary>
    public sealed record Secret(string Name) : Credential;

    /// <summary>A file in the workspace's folder.</summary>
    public sealed record File(string Path) : Credential;

    /// <summary>A value that stood in an imported file.</summary>
    public sealed record Literal : Credential
    {
        private readonly string _value;

        public Literal(string value) => _value = value;

        public string Reveal() => _value;

        public override string ToString() => "***";
    }
}

/// <summary>Addresses written down, with labels for all of them.</summary>
public sealed record StaticTargets(IReadOnlyList<string> Addresses, IReadOnlyList<KeyValuePair<string, string>> Labels);

/// <summary>Files of targets in the workspace's folder; the last part of a path may have <c>*</c> in it.</summary>
public sealed record FileTargets(IReadOnlyList<string> Paths, TimeSpan Every);

/// <summary>An address that answers a list of targets.</summary>
public sealed record HttpTargets(Uri Url, TimeSpan Every);

/// <summary>Names that are looked up.</summary>
public sealed record DnsTargets(IReadOnlyList<string> Names, string Type, int Port, TimeSpan Every);
