using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using HmsOps.Observe.Wire;
using HmsOps.Series;

namespace HmsOps.Observe.Otlp;

/// <summary>
/// What was made of resources, scopes, metrics and attributes, by the bytes their senders wrote: a data point that was seen before finds its label sets
/// with a look-up a level, and nothing is parsed, sorted or allocated. A level's key is its own bytes and the number of the level above. Bounded: a memory that
/// is full remembers nothing new, and whoever owns it begins another. Safe for concurrent use.
/// </summary>
internal sealed class SeriesMemory(long bytesMax)
{
    private const int EntryBytes = 250; // objects, and their places in the tables

    private readonly ConcurrentDictionary<Key, object> _known = new(Keys.Comparer);
    private long _bytes;
    private long _numbers;

    /// <summary>True when there is no room left.</summary>
    public bool IsFull => Interlocked.Read(ref _bytes) >= bytesMax;

    /// <summary>A number no other entry of this memory has.</summary>
    public long NextNumber() => Interlocked.Increment(ref _numbers);

    /// <summary>Finds what was made of bytes below a level.</summary>
    public bool TryGet<T>(long parent, ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out T? known)
        where T : class
    {
        var found = _known.GetAlternateLookup<Probe>().TryGetValue(new Probe(parent, bytes), out var entry);
        known = entry as T;
        return found && known is not null;
    }

    /// <summary>Remembers what was made, in place of what was made before.</summary>
    /// <param name="parent">The level above.</param>
    /// <param name="bytes">What the sender wrote; copied.</param>
    /// <param name="made">What was made of it.</param>
    /// <param name="size">Bytes that it holds.</param>
    public void Remember(long parent, ReadOnlySpan<byte> bytes, object made, long size)
    {
        if (IsFull)
            return;
        Interlocked.Add(ref _bytes, EntryBytes + bytes.Length + size);
        _known[new Key(parent, bytes.ToArray())] = made;
    }

    private readonly record struct Key(long Parent, byte[] Bytes);

    private readonly ref struct Probe(long parent, ReadOnlySpan<byte> bytes)
    {
        public long Parent { get; } = parent;

        public ReadOnlySpan<byte> Bytes { get; } = bytes;
    }

    // The framework's hash is seeded per process: a sender cannot choose keys that fall together.
    private sealed class Keys : IEqualityComparer<Key>, IAlternateEqualityComparer<Probe, Key>
    {
        public static Keys Comparer { get; } = new();

        public bool Equals(Key x, Key y) => x.Parent == y.Parent && x.Bytes.AsSpan().SequenceEqual(y.Bytes);

        public int GetHashCode(Key obj) => GetHashCode(new Probe(obj.Parent, obj.Bytes));

        public bool Equals(Probe alternate, Key other) => alternate.Parent == other.Parent && alternate.Bytes.SequenceEqual(other.Bytes);

        public int GetHashCode(Probe alternate)
        {
            var hash = new HashCode();
            hash.Add(alternate.Parent);
            hash.AddBytes(alternate.Bytes);
            return hash.ToHashCode();
        }

        public Key Create(Probe alternate) => new(alternate.Parent, alternate.Bytes.ToArray());
    }
}

/// <summary>A resource: who says all that follows.</summary>
/// <param name="Number">Its place in the memory.</param>
/// <param name="Job">The label <c>job</c>, empty if there is none.</param>
/// <param name="Instance">The label <c>instance</c>, empty if there is none.</param>
/// <param name="TargetInfo">The series that carries its other attributes; no labels when it has none, or nothing to join it by.</param>
/// <param name="Flaw">Why its points are refused; null when they are not.</param>
/// <param name="TargetFlaw">Why it has no <paramref name="TargetInfo"/> though it should; null when it has, or should not.</param>
internal sealed record ResourceEntry(long Number, byte[] Job, byte[] Instance, Labels TargetInfo, Flaw? Flaw, Flaw? TargetFlaw);

/// <summary>A scope of a resource: the library that measured.</summary>
internal sealed record ScopeEntry(long Number, ResourceEntry Resource, IReadOnlyList<(byte[] Name, byte[] Value, bool IsAttribute)> Labels, Flaw? Flaw);

/// <summary>A metric of a scope.</summary>
internal sealed record MetricEntry(long Number, ScopeEntry Scope, string Family, Flaw? Flaw)
{
    /// <summary>What was last said about it.</summary>
    public MetricWords? Words { get; set; }
}

/// <summary>What is said about a metric, and the description it was made from.</summary>
internal sealed record MetricWords(byte[] Description, MetricMetadata Metadata);

/// <summary>The series of the data points of one metric with the same attributes.</summary>
/// <param name="Labels">The series itself; without labels for a classic histogram.</param>
/// <param name="Flaw">Why the points are refused; null when they are not.</param>
internal sealed record PointSeries(Labels Labels, Flaw? Flaw)
{
    /// <summary>Of a classic histogram or summary.</summary>
    public Labels Sum { get; init; }

    /// <summary>Of a classic histogram or summary.</summary>
    public Labels Count { get; init; }

    /// <summary>The buckets up to each of <see cref="Bounds"/> and one for all, or the quantiles.</summary>
    public IReadOnlyList<Labels> Parts { get; init; } = [];

    /// <summary>Upper bounds of buckets, or the quantiles.</summary>
    public double[] Bounds { get; init; } = [];

    /// <summary>True once a sum was sent.</summary>
    public bool HasSum { get; set; }
}
