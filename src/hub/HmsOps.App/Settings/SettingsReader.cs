using System.Net;
using HmsOps.Observe.Cluster.Reading;
using HmsOps.Observe.Influx;
using HmsOps.Observe.Otlp;
using HmsOps.Observe.RemoteWrite;
using HmsOps.Observe.Scrape;
using HmsOps.Observe.Wire;
using HmsOps.Workspace;
using HmsOps.Workspace.Binding;
using HmsOps.Workspace.Quantities;
using HmsOps.Workspace.Yaml;

namespace HmsOps.App.Settings;

/// <summary>
/// Settings from four places, the later before the earlier: default, file, environment, flag. Pure. A value that another outranks is held against the table all
/// the same: it is wrong today, not on the day the flag is left out. All that is wrong is said at once.
/// </summary>
public sealed class SettingsReader
{
    private const string WritePath = "/api/v1/write";

    private static readonly TimeSpan KeptBesideCluster = TimeSpan.FromDays(1);

    private readonly SettingsSources _sources;
    private readonly List<Diagnostic> _wrong = [];
    private readonly List<SettingLine> _lines = [];
    private readonly Dictionary<string, SettingOrigin> _origins = [];
    private readonly Findings? _fileFindings;
    private readonly BoundRecord? _file;

    private SettingsReader(SettingsSources sources)
    {
        _sources = sources;
        if (sources.File is not { } file)
            return;
        var decoded = SourceText.TryDecode(file.Path, file.Content.Span, out var source);
        _fileFindings = new Findings(source);
        if (!decoded)
            _fileFindings.Add(Severity.Error, "E004", source.Text.Length, source.Text.Length, "not UTF-8 from here on.", "Save the file as UTF-8.");
        else if (YamlReader.Read(_fileFindings, YamlLimits.Default) is { Count: > 0 } documents)
        {
            _file = BoundRecord.Bind(documents[0], SettingsShape.Shape, _fileFindings);
            foreach (var document in documents.Skip(1))
                _fileFindings.Error("E001", document, "settings are one document.", "Take out the line '---' and what is behind it.");
        }
    }

    /// <summary>Reads them.</summary>
    public static SettingsOutcome Read(SettingsSources sources)
    {
        ArgumentNullException.ThrowIfNull(sources);
        var reader = new SettingsReader(sources);
        var settings = reader.Read();
        reader.RefuseVariablesOfOtherVersions();
        reader._wrong.AddRange(reader._fileFindings?.All ?? []);
        if (reader._wrong.Count > 0)
            return new SettingsOutcome.Wrong([.. reader._wrong.OrderBy(each => each.File, StringComparer.Ordinal).ThenBy(each => each.Line).ThenBy(each => each.Column)]);
        return reader.Unsafe(settings) is { } why ? new SettingsOutcome.RefusedForSafety(why) : new SettingsOutcome.Read(settings, reader._lines);
    }

    // In the order of the table: it is the order of the lines that are shown.
    private HubSettings Read()
    {
        var log = Group(SettingsShape.Log);
        var settings = new HubSettings
        {
            Listen = Pick("listen", SettingsShape.Listen, _file, [new ListenAddress(IPAddress.Loopback, 9900)]),
            Workspace = Folder("workspace", SettingsShape.Workspace),
            Data = Folder("data", SettingsShape.Data),
            Name = PickOptional("name", SettingsShape.Name, _file),
            TimeZone = Pick("timezone", SettingsShape.TimeZone, _file, _sources.SystemTimeZone),
            PublicUrl = PickOptional("public_url", SettingsShape.PublicUrl, _file),
            LogLevel = Pick("log.level", SettingsShape.LogLevel, log, LogLevel.Information),
            LogFormat = Pick("log.format", SettingsShape.LogFormat, log, LogFormat.Text),
            DurabilityWindow = Pick("durability.window", SettingsShape.DurabilityWindow, Group(SettingsShape.Durability), TimeSpan.FromSeconds(1)),
            LateWindow = Pick("late.window", SettingsShape.LateWindow, Group(SettingsShape.Late), TimeSpan.FromHours(24)),
            RetentionTime = Pick("retention.time", SettingsShape.RetentionTime, Group(SettingsShape.Retention), TimeSpan.FromDays(100)),
            RetentionBytes = PickOptionalNumber("retention.bytes", SettingsShape.RetentionBytes, Group(SettingsShape.Retention)),
            Remote = RemoteOf(Pick("storage", SettingsShape.Storage, _file, StorageKind.Embedded), Group(SettingsShape.Remote)),
            QueryParallelism = (int?)PickOptionalNumber("query.parallelism", SettingsShape.QueryParallelism, Group(SettingsShape.Queries)),
            QueryLookback = Pick("query.lookback", SettingsShape.QueryLookback, Group(SettingsShape.Queries), TimeSpan.FromMinutes(5)),
            QueryCache = Pick("query.cache", SettingsShape.QueryCache, Group(SettingsShape.Queries), 64 << 20),
            OnPoison = Pick("ledger.on_poison", SettingsShape.OnPoison, Group(SettingsShape.Ledger), OnPoison.Serve),
            Secrets = SecretsOf(Pick("secrets", SettingsShape.Secrets, _file, [])),
            Hosts = Pick("http.hosts", SettingsShape.Hosts, Group(SettingsShape.Http), ["localhost"]),
            OtlpGrpc = Pick("otlp.grpc", SettingsShape.OtlpGrpc, Group(SettingsShape.Otlp), new OptionalAddress(new ListenAddress(IPAddress.Loopback, 4317))).Address,
            OtlpGrpcIsWritten = _origins["otlp.grpc"] is not SettingOrigin.Default,
            MetricBodyBytes = Pick("limits.metric.body", SettingsShape.MetricBody, LimitsOf(SettingsShape.Metric), 1 << 20),
            MetricItems = (int)Pick("limits.metric.items", SettingsShape.MetricItems, LimitsOf(SettingsShape.Metric), 10_000),
            MetricRead = Pick("limits.metric.read", SettingsShape.MetricRead, LimitsOf(SettingsShape.Metric), TimeSpan.FromSeconds(30)),
            QueryTime = Pick("limits.query.time", SettingsShape.QueryTime, LimitsOf(SettingsShape.Query), TimeSpan.FromSeconds(30)),
            LiveStreams = (int)Pick("limits.live.streams", SettingsShape.LiveStreams, LimitsOf(SettingsShape.Live), 1_000),
            StoreMemory = PickOptionalNumber("limits.store.memory", SettingsShape.StoreMemory, LimitsOf(SettingsShape.Store)),
            Write = WriteOf(LimitsOf(SettingsShape.Write)),
            Influx = InfluxOf(LimitsOf(SettingsShape.Influx)),
            Scrape = ScrapeLimitsOf(LimitsOf(SettingsShape.Scrape)),
            OtlpLimits = OtlpOf(LimitsOf(SettingsShape.OtlpDoor)),
        };
        var labels = LabelsOf(LimitsOf(SettingsShape.Label));
        settings = settings with { Write = settings.Write with { Labels = labels }, Influx = settings.Influx with { Labels = labels }, Scrape = settings.Scrape with { Labels = labels }, OtlpLimits = settings.OtlpLimits with { Labels = labels } };
        return KeepLateWithinRetention(KeepTheNewest(settings));
    }

    // What is written of a cluster is held against the table though samples are kept here: to turn it on is one word.
    private RemoteStorage? RemoteOf(StorageKind storage, BoundRecord? group)
    {
        var write = PickOptional("remote.write", SettingsShape.RemoteWrite, group);
        var query = PickOptional("remote.query", SettingsShape.RemoteQuery, group);
        var read = PickOptional("remote.read", SettingsShape.RemoteRead, group);
        var headers = Pick("remote.headers", SettingsShape.RemoteHeaders, group, []);
        CheckHeaders(headers);
        var queue = Pick("remote.queue", SettingsShape.RemoteQueue, group, 8L << 30);
        var pushdown = Pick("remote.pushdown", SettingsShape.RemotePushdown, group, ClusterPushdown.Auto);
        if (storage == StorageKind.Embedded)
            return null;
        if (write is null)
        {
            _wrong.Add(Say("storage", "E032", "storage is remote, and remote.write does not say where.", "Write remote: {write: http://…/api/v1/write}."));
            return null;
        }
        if ((query ?? BaseOf(write)) is { } address)
            return new RemoteStorage { Write = write, Query = address, Read = read, Headers = headers, Queue = queue, Pushdown = pushdown };
        _wrong.Add(Say("remote.write", "E032", "remote.query is missing: it cannot be told from remote.write, which does not end in /api/v1/write.", "Write remote: {query: …}, what stands before the cluster's /api/v1/query."));
        return null;
    }

    private static Uri? BaseOf(Uri write) => write.AbsolutePath.EndsWith(WritePath, StringComparison.Ordinal) && write.Query.Length == 0
        ? new Uri(write.GetLeftPart(UriPartial.Authority) + write.AbsolutePath[..^WritePath.Length])
        : null;

    private void CheckHeaders(IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        foreach (var (name, value) in headers)
        {
            if (!HeaderTemplate.IsName(name))
                _wrong.Add(Say("remote.headers", "E033", $"'{Findings.Shorten(name)}' is no header that can be set here.", "Letters, digits and '-'; those of HTTP itself and of remote write are the hub's."));
            else if (HeaderTemplate.HoldsSecret(name, value))
                _wrong.Add(Say("remote.headers", "E034", $"the value of {name} is a secret, and does not stand here.", "Write ${secret:name} in its place, and under secrets: where it is kept."));
        }
    }

    private ScrapeLimits ScrapeLimitsOf(BoundRecord? written)
    {
        var otherwise = new ScrapeLimits();
        return new ScrapeLimits
        {
            PackedMax = (int)Pick("limits.scrape.packed", SettingsShape.ScrapePacked, written, otherwise.PackedMax),
            DecodedMax = (int)Pick("limits.scrape.decoded", SettingsShape.ScrapeDecoded, written, otherwise.DecodedMax),
            MemoryMax = Pick("limits.scrape.memory", SettingsShape.ScrapeMemory, written, otherwise.MemoryMax),
            SamplesMax = (int)Pick("limits.scrape.samples", SettingsShape.ScrapeSamples, written, otherwise.SamplesMax),
            LineBytesMax = (int)Pick("limits.scrape.line", SettingsShape.ScrapeLine, written, otherwise.LineBytesMax),
        };
    }

    private BoundRecord? Group(Key<BoundRecord> key) => _file is not null && _file.TryGet(key, out var group) ? group : null;

    private BoundRecord? LimitsOf(Key<BoundRecord> door) => Group(SettingsShape.Limits) is { } limits && limits.TryGet(door, out var group) ? group : null;

    private WriteLimits WriteOf(BoundRecord? group)
    {
        var otherwise = new WriteLimits();
        return new WriteLimits
        {
            PackedBytesMax = (int)Pick("limits.write.packed", SettingsShape.WritePacked, group, otherwise.PackedBytesMax),
            DecodedBytesMax = (int)Pick("limits.write.decoded", SettingsShape.WriteDecoded, group, otherwise.DecodedBytesMax),
            SeriesMax = (int)Pick("limits.write.series", SettingsShape.WriteSeries, group, otherwise.SeriesMax),
            SamplesMax = (int)Pick("limits.write.samples", SettingsShape.WriteSamples, group, otherwise.SamplesMax),
            BucketsMax = (int)Pick("limits.write.buckets", SettingsShape.WriteBuckets, group, otherwise.BucketsMax),
            MemoryBytesMax = Pick("limits.write.memory", SettingsShape.WriteMemory, group, otherwise.MemoryBytesMax),
        };
    }

    private InfluxLimits InfluxOf(BoundRecord? group)
    {
        var otherwise = new InfluxLimits();
        return new InfluxLimits
        {
            PackedBytesMax = (int)Pick("limits.influx.packed", SettingsShape.InfluxPacked, group, otherwise.PackedBytesMax),
            DecodedBytesMax = (int)Pick("limits.influx.decoded", SettingsShape.InfluxDecoded, group, otherwise.DecodedBytesMax),
            LineBytesMax = (int)Pick("limits.influx.line", SettingsShape.InfluxLine, group, otherwise.LineBytesMax),
            MemoryBytesMax = Pick("limits.influx.memory", SettingsShape.InfluxMemory, group, otherwise.MemoryBytesMax),
        };
    }

    private OtlpLimits OtlpOf(BoundRecord? group)
    {
        var otherwise = new OtlpLimits();
        return new OtlpLimits
        {
            PackedBytesMax = (int)Pick("limits.otlp.packed", SettingsShape.OtlpPacked, group, otherwise.PackedBytesMax),
            DecodedBytesMax = (int)Pick("limits.otlp.decoded", SettingsShape.OtlpDecoded, group, otherwise.DecodedBytesMax),
            ItemsMax = (int)Pick("limits.otlp.items", SettingsShape.OtlpItems, group, otherwise.ItemsMax),
            SamplesMax = (int)Pick("limits.otlp.samples", SettingsShape.OtlpSamples, group, otherwise.SamplesMax),
            BucketsMax = (int)Pick("limits.otlp.buckets", SettingsShape.OtlpBuckets, group, otherwise.BucketsMax),
            MemoryBytesMax = Pick("limits.otlp.memory", SettingsShape.OtlpMemory, group, otherwise.MemoryBytesMax),
        };
    }

    private LabelLimits LabelsOf(BoundRecord? group)
    {
        var otherwise = new LabelLimits();
        return new LabelLimits
        {
            CountMax = (int)Pick("limits.labels.count", SettingsShape.LabelCount, group, otherwise.CountMax),
            NameBytesMax = (int)Pick("limits.labels.name", SettingsShape.LabelName, group, otherwise.NameBytesMax),
            ValueBytesMax = (int)Pick("limits.labels.value", SettingsShape.LabelValue, group, otherwise.ValueBytesMax),
            BytesMax = (int)Pick("limits.labels.total", SettingsShape.LabelTotal, group, otherwise.BytesMax),
        };
    }

    private T Pick<T>(string name, Key<T> key, BoundRecord? group, T otherwise)
    {
        var (value, origin) = Given(name, key, group) is { } given ? given : (otherwise, new SettingOrigin.Default());
        Note(name, key.Type.Write(value), origin);
        return value;
    }

    private T? PickOptional<T>(string name, Key<T> key, BoundRecord? group)
        where T : class
    {
        var given = Given(name, key, group);
        Note(name, given is { } said ? key.Type.Write(said.Value) : key.DefaultText ?? "", given?.Origin ?? new SettingOrigin.Default());
        return given?.Value;
    }

    private T? PickOptionalNumber<T>(string name, Key<T> key, BoundRecord? group)
        where T : struct
    {
        var given = Given(name, key, group);
        Note(name, given is { } said ? key.Type.Write(said.Value) : key.DefaultText ?? "", given?.Origin ?? new SettingOrigin.Default());
        return given?.Value;
    }

    private void Note(string name, string value, SettingOrigin origin)
    {
        _origins[name] = origin;
        _lines.Add(new SettingLine(name, value, origin));
    }

    // Every place is read, so that each says what is wrong with it; the last one that said something holds.
    private (T Value, SettingOrigin Origin)? Given<T>(string name, Key<T> key, BoundRecord? group)
    {
        (T, SettingOrigin)? given = null;
        if (_fileFindings is not null && group is not null && group.TryGet(key, out var written))
        {
            var (line, column) = _fileFindings.Source.Locate(group.At(key).Start);
            given = (written, new SettingOrigin.Written(new SourceSpan(_fileFindings.Source.File, line, column)));
        }
        var variable = Setting.VariableOf(name);
        if (_sources.Environment.GetValueOrDefault(variable) is { Length: > 0 } value && TryRead(variable, value, key, out var read))
            given = (read, new SettingOrigin.Variable(variable));
        var flag = Setting.FlagOf(name);
        if (_sources.Flags.TryGetValue(flag, out var argument) && TryRead(flag, argument, key, out read))
            given = (read, new SettingOrigin.Flag(flag));
        return given;
    }

    // A list or map on one line is YAML; anything else is one text, whatever characters it begins with.
    private bool TryRead<T>(string place, string text, Key<T> key, out T value)
    {
        var findings = new Findings(new SourceText(place, text));
        YamlNode? node = new YamlNode.Scalar(text, plain: true, 0, text.Length);
        if (text.StartsWith('[') || text.StartsWith('{'))
            node = YamlReader.Read(findings, YamlLimits.Default) is [var read, ..] ? read : null;
        value = default!; // not looked at when false
        var good = node is not null && key.Type.TryRead(node, findings, out value);
        _wrong.AddRange(findings.All);
        return good && !findings.HasErrors;
    }

    private string Folder(string name, Key<string> key)
    {
        var folder = Pick(name, key, _file, $"./{name}");
        return Absolute(name, folder);
    }

    private string Absolute(string name, string path)
    {
        var from = _origins[name] is SettingOrigin.Written && _sources.File is { } file ? Path.GetDirectoryName(file.Path) : null;
        return Path.GetFullPath(path, Path.GetFullPath(from ?? _sources.WorkingDirectory));
    }

    private Dictionary<string, SecretSource> SecretsOf(IReadOnlyList<KeyValuePair<string, SecretSource>> written)
    {
        foreach (var (name, _) in written.Where(secret => !Credentials.IsName(secret.Key)))
            _wrong.Add(Say("secrets", "E033", $"'{Findings.Shorten(name)}' cannot name a secret.", "Letters, digits, '_' and '-', at most 64."));
        return written.ToDictionary(
            secret => secret.Key,
            secret => secret.Value is SecretSource.FromFile file ? new SecretSource.FromFile(Absolute("secrets", file.Path)) : secret.Value);
    }

    // What a cluster keeps for good the hub keeps for a day.
    private HubSettings KeepTheNewest(HubSettings settings)
    {
        if (settings.Remote is null || _origins["retention.time"] is not SettingOrigin.Default)
            return settings;
        Correct("retention.time", KeptBesideCluster);
        return settings with { RetentionTime = KeptBesideCluster };
    }

    private void Correct(string name, TimeSpan span)
    {
        var at = _lines.FindIndex(line => line.Name == name);
        _lines[at] = _lines[at] with { Value = Durations.Format(span) };
    }

    // A sample may not arrive later than it would be deleted. Of two values that were both written neither is corrected; a default gives way.
    private HubSettings KeepLateWithinRetention(HubSettings settings)
    {
        if (settings.LateWindow <= settings.RetentionTime)
            return settings;
        var lateIsDefault = _origins["late.window"] is SettingOrigin.Default;
        if (!lateIsDefault && _origins["retention.time"] is not SettingOrigin.Default)
        {
            var message = $"late.window of {Durations.Format(settings.LateWindow)} is longer than retention.time of {Durations.Format(settings.RetentionTime)}.";
            _wrong.Add(Say("late.window", "E045", message, "Shorten the one, or lengthen the other."));
            return settings;
        }
        var (name, span) = lateIsDefault ? ("late.window", settings.RetentionTime) : ("retention.time", settings.LateWindow);
        Correct(name, span);
        return lateIsDefault ? settings with { LateWindow = span } : settings with { RetentionTime = span };
    }

    private void RefuseVariablesOfOtherVersions()
    {
        foreach (var variable in SettingsShape.OtherVersions.Select(Setting.VariableOf).Where(_sources.Environment.ContainsKey))
            _wrong.Add(new Diagnostic(variable, 1, 1, 1, 1, "E090", Severity.Error, $"the setting {variable} is not in this version.", "Take the variable out of the hub's environment."));
    }

    private Diagnostic? Unsafe(HubSettings settings) => Unsafe(settings.Listen, "listen") ?? Unsafe(settings.OtlpGrpc is { } otlp ? [otlp] : [], "otlp.grpc");

    private Diagnostic? Unsafe(IReadOnlyList<ListenAddress> addresses, string name) => addresses.FirstOrDefault(address => !address.IsLoopback) is { } open
        ? Say(name, "E100", $"{open} can be reached from other machines, and accounts are not in this version: whoever reaches it may do everything.", "Listen on 127.0.0.1, and let people in through a tunnel or a proxy that asks who they are.")
        : null;

    private Diagnostic Say(string name, string code, string message, string fix) => _origins[name] switch
    {
        SettingOrigin.Written { At: var at } => new Diagnostic(at.File, at.Line, at.Column, at.Line, at.Column, code, Severity.Error, message, fix),
        var origin => new Diagnostic(origin.ToString()!, 1, 1, 1, 1, code, Severity.Error, message, fix), // every case overrides ToString
    };
}
