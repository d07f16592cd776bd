using System.Collections;
using System.Diagnostics;
using System.Text;
using HmsOps.Series;
using HmsOps.Tsdb.Pages;

namespace HmsOps.Tsdb.Index;

/// <summary>
/// Which series there are: their labels, found by identity and by matchers. Ids are dense, from 0 in the order of <see cref="Add"/>. Nothing in here is an
/// object per series: what grows lies in pages of plain values.
/// </summary>
/// <remarks>
/// <para><b>Threads.</b> One writer at a time calls <see cref="Add"/>, <see cref="Find(UInt128)"/>, <see cref="Save"/> and the counts marked so. All else may run on other threads at the
/// same time, without a lock, and sees at least the series added before the call. What makes that safe: pages never move and are never given
/// back; a series is written whole (record, values, postings, table) before the count that shows it is published; a reader takes the count first and leaves
/// out of every posting what lies beyond it; tables only ever fill empty slots or are swapped whole (<see cref="HandleTable"/>).</para>
/// <para>Series are never removed: <see cref="Compacted"/> makes another index without the dead.</para>
/// </remarks>
internal sealed class SeriesIndex
{
    private const uint Magic = 0x58444e49; // "INDX"
    private const int Version = 1;
    private const int SeriesMax = int.MaxValue - 1;

    private readonly IdentityHash _hash;
    private readonly HandleTable _identities = new();
    private readonly PagedColumn<ulong> _verify = new();
    private readonly LabelTable _labels;
    private readonly LabelRecords _records;
    private readonly RowOrder _order;
    private readonly SeriesSelector _selector;
    private int _count;

    // Of the series added last, name and handle of each label: the next one mostly differs in few.
    private int[] _names = new int[16];
    private int[] _handles = new int[16];
    private int[] _ordinals = new int[16];
    private int _lastLabels;

    /// <summary>An empty index.</summary>
    /// <param name="hashKey">The secret of the store's identities; the same for as long as identities are kept.</param>
    public SeriesIndex(UInt128 hashKey)
    {
        _hash = new IdentityHash(hashKey);
        _labels = new LabelTable(_hash);
        _records = new LabelRecords(_hash);
        _order = new RowOrder(_labels, _records);
        _selector = new SeriesSelector(_labels, _records);
    }

    /// <summary>Series there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Bytes of everything.</summary>
    public long MemoryBytes => Memory.Identities + Memory.Records + Memory.Values + Memory.Postings;

    /// <summary>Bytes of the identity table, of label records and keysets, of names and values with their entries, and of the runs of postings.</summary>
    public (long Identities, long Records, long Values, long Postings) Memory
    {
        get
        {
            var (values, postings) = _labels.MemoryBytes;
            return (_identities.MemoryBytes + _verify.MemoryBytes, _records.MemoryBytes, values, postings);
        }
    }

    /// <summary>What label bytes, canonical or as sent, are known by; never zero.</summary>
    public UInt128 IdentityOf(ReadOnlySpan<byte> labelBytes) => _hash.Of(labelBytes);

    /// <summary>The series with an identity; −1 when there is none.</summary>
    public int Find(UInt128 identity)
    {
        var probe = _identities.Find(FingerprintOf(identity));
        while (probe.MoveNext())
        {
            if (_verify[probe.Handle] == (ulong)identity)
                return probe.Handle;
        }
        return -1;
    }

    /// <summary>
    /// The series of many identities, −1 where there is none. Slots are read some dozens at a time, then what they point at: the processor then waits for
    /// many lines of memory at once, where one after the other waits for each.
    /// </summary>
    public void Find(ReadOnlySpan<UInt128> identities, Span<int> ids)
    {
        const int Together = 32;
        Span<int> likely = stackalloc int[Together];
        for (var from = 0; from < identities.Length; from += Together)
        {
            var part = identities.Slice(from, Math.Min(Together, identities.Length - from));
            for (var i = 0; i < part.Length; i++)
                likely[i] = _identities.Likely(FingerprintOf(part[i]));
            for (var i = 0; i < part.Length; i++)
                ids[from + i] = likely[i] >= 0 && _verify[likely[i]] == (ulong)part[i] ? likely[i] : -1;
            for (var i = 0; i < part.Length; i++)
            {
                if (ids[from + i] < 0)
                    ids[from + i] = Find(part[i]);
            }
        }
    }

    /// <summary>Adds a series that is not there; answers its id, which is <see cref="Count"/> before.</summary>
    /// <param name="labels">Its labels. They are copied.</param>
    /// <param name="identity">What <see cref="IdentityOf"/> answers for their bytes.</param>
    public int Add(Labels labels, UInt128 identity)
    {
        Debug.Assert(identity == IdentityOf(labels.Bytes), "The identity is that of other labels.");
        Debug.Assert(Find(identity) < 0, "The series is there already.");
        var id = _count;
        if (id == SeriesMax)
            throw new InvalidOperationException($"The index is full: it holds {id} series and can number no more. Lower the limit of series.");
        var count = Intern(labels);
        _records.Add(id, _names.AsSpan(0, count), _ordinals.AsSpan(0, count));
        foreach (var handle in _handles.AsSpan(0, count))
            _labels.Post(handle, id);
        _verify.Touch(id) = (ulong)identity;
        _identities.Add(FingerprintOf(identity), id);
        Volatile.Write(ref _count, id + 1);
        return id;
    }

    /// <summary>The labels of a series, in bytes of their own.</summary>
    public Labels LabelsOf(int id)
    {
        var room = new LabelsRoom();
        var labels = LabelsOf(id, room).Copy();
        room.Return();
        return labels;
    }

    /// <summary>The labels of a series, that live in the room until the next but one.</summary>
    public Labels LabelsOf(int id, LabelsRoom room)
    {
        room.Begin();
        for (var record = _records.Read(id); record.MoveNext();)
            room.Add(_labels.NameText(record.Name), _labels.ValueText(_labels.HandleOf(record.Name, record.Ordinal)), []);
        return Labels.TryFromBytes(room.Written, out var labels) ? labels : throw new InvalidOperationException($"The labels of series {id} are not in order.");
    }

    /// <summary>For one reader, some labels of series.</summary>
    public LabelGroups Groups(LabelChoice choice) => new(_labels, _records, choice);

    /// <summary>The value of one label of a series, empty when absent. The span lives as long as the index.</summary>
    public ReadOnlySpan<byte> ValueOf(int id, ReadOnlySpan<byte> name)
    {
        var wanted = _labels.FindName(name);
        for (var record = _records.Read(id); record.MoveNext();)
        {
            if (record.Name == wanted)
                return _labels.ValueText(_labels.HandleOf(wanted, record.Ordinal));
        }
        return default;
    }

    /// <summary>The ids of the series that satisfy every matcher, ascending.</summary>
    public int[] Select(IReadOnlyList<Matcher> matchers, CancellationToken cancellationToken) => Select(matchers, Count, cancellationToken);

    /// <summary>Those of them that are among the first series.</summary>
    public int[] Select(IReadOnlyList<Matcher> matchers, int count, CancellationToken cancellationToken) =>
        _selector.Select(count, matchers, cancellationToken);

    /// <summary>Sorts ids as <see cref="Labels.CompareRows"/> sorts their labels.</summary>
    public void SortRows(Span<int> ids, CancellationToken cancellationToken) => _order.Sort(ids, cancellationToken);

    /// <summary>How the rows of two ids stand to each other.</summary>
    public int CompareRows(int a, int b) => _order.Compare(a, b);

    /// <summary>All label names, in the order of their bytes.</summary>
    public IReadOnlyList<string> LabelNames()
    {
        var names = Enumerable.Range(0, _labels.NameCount).Where(name => _labels.ValuesOf(name) > 0).ToArray();
        return NamesOf(names);
    }

    /// <summary>The label names of the series that count, in the order of their bytes. For each name series are asked about until one counts.</summary>
    public IReadOnlyList<string> LabelNames(Func<int, bool> counts, CancellationToken cancellationToken)
    {
        var found = new HashSet<int>();
        var asked = new BitArray(Count); // a series that does not count is met again with each of its names
        for (var name = 0; name < _labels.NameCount; name++)
        {
            for (var ordinal = 0; ordinal < _labels.ValuesOf(name) && !found.Contains(name); ordinal++)
            {
                if (FirstWith(name, ordinal, CountsStill, cancellationToken) is not (>= 0 and var id))
                    continue;
                for (var record = _records.Read(id); record.MoveNext();)
                    found.Add(record.Name);
            }
        }
        return NamesOf([.. found]);

        bool CountsStill(int id)
        {
            if (id >= asked.Length)
                return counts(id); // came meanwhile
            if (asked[id])
                return false;
            asked[id] = true;
            return counts(id);
        }
    }

    /// <summary>The label names of some series, in the order of their bytes.</summary>
    public IReadOnlyList<string> LabelNames(ReadOnlySpan<int> ids)
    {
        var keysets = new HashSet<int>();
        foreach (var id in ids)
            keysets.Add(_records.Read(id).Keyset);
        var names = new HashSet<int>();
        foreach (var keyset in keysets)
        {
            for (var list = _records.Names(keyset); list.Left > 0;)
                names.Add(list.Next());
        }
        return NamesOf([.. names]);
    }

    /// <summary>All values of a label, in the order of their bytes.</summary>
    public IReadOnlyList<string> LabelValues(string name)
    {
        var label = _labels.FindName(Encoding.UTF8.GetBytes(name));
        return label < 0 ? [] : ValuesOf(label, [.. Enumerable.Range(0, _labels.ValuesOf(label))], CancellationToken.None);
    }

    /// <summary>The values of a label of the series that count, in the order of their bytes. For each value series are asked about until one counts.</summary>
    public IReadOnlyList<string> LabelValues(string name, Func<int, bool> counts, CancellationToken cancellationToken)
    {
        var label = _labels.FindName(Encoding.UTF8.GetBytes(name));
        if (label < 0)
            return [];
        var ordinals = new List<int>();
        for (var ordinal = 0; ordinal < _labels.ValuesOf(label); ordinal++)
        {
            if (FirstWith(label, ordinal, counts, cancellationToken) >= 0)
                ordinals.Add(ordinal);
        }
        return ValuesOf(label, [.. ordinals], cancellationToken);
    }

    /// <summary>The values of a label of some series, in the order of their bytes.</summary>
    public IReadOnlyList<string> LabelValues(string name, ReadOnlySpan<int> ids, CancellationToken cancellationToken = default)
    {
        var label = _labels.FindName(Encoding.UTF8.GetBytes(name));
        if (label < 0)
            return [];
        var ordinals = new HashSet<int>();
        foreach (var id in ids)
        {
            for (var record = _records.Read(id); record.MoveNext();)
            {
                if (record.Name == label)
                    ordinals.Add(record.Ordinal);
            }
        }
        return ValuesOf(label, [.. ordinals], cancellationToken);
    }

    /// <summary>How many series have a label with a value: of a metric's name, the metric's series. Those that left count until <see cref="Compacted"/>.</summary>
    public int SeriesWith(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var label = _labels.FindName(name);
        var handle = label < 0 ? -1 : _labels.FindValue(label, value);
        return handle < 0 ? 0 : _labels.PostingOf(handle).Count;
    }

    /// <summary>How many values a label has.</summary>
    public int ValuesWith(ReadOnlySpan<byte> name)
    {
        var label = _labels.FindName(name);
        return label < 0 ? 0 : _labels.ValuesOf(label);
    }

    /// <summary>Every label name with how many values it has and how many series have it, in the order of names.</summary>
    public IReadOnlyList<LabelCount> LabelCounts() =>
        [.. LabelNames().Select(name =>
        {
            var label = _labels.FindName(Encoding.UTF8.GetBytes(name));
            return new LabelCount(name, _labels.ValuesOf(label), _labels.SeriesOf(label));
        })];

    /// <summary>The values of a label that most series have, most first, equals in the order of bytes.</summary>
    public IReadOnlyList<ValueCount> TopValues(string name, int most)
    {
        var label = _labels.FindName(Encoding.UTF8.GetBytes(name));
        if (label < 0 || most <= 0)
            return [];
        var top = new PriorityQueue<int, (int Series, int Newest)>();
        for (var ordinal = 0; ordinal < _labels.ValuesOf(label); ordinal++)
        {
            top.Enqueue(ordinal, (_labels.PostingOf(_labels.HandleOf(label, ordinal)).Count, -ordinal));
            if (top.Count > most)
                top.Dequeue();
        }
        return [.. top.UnorderedItems.Select(item => new ValueCount(TextOf(label, item.Element), item.Priority.Series))
            .OrderByDescending(value => value.Series).ThenBy(value => value.Value, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Another index with the series that are alive alone, and for each old id the new one, −1 for the dead and for ids beyond <paramref name="alive"/>, which the caller adds itself.
    /// Reads as any reader does: the writer may go on meanwhile.
    /// </summary>
    public (SeriesIndex Index, int[] NewIds) Compacted(UInt128 hashKey, ReadOnlySpan<bool> alive, CancellationToken cancellationToken)
    {
        var index = new SeriesIndex(hashKey);
        var newIds = new int[alive.Length];
        var room = new LabelsRoom();
        for (var id = 0; id < alive.Length; id++)
        {
            if (id % 4096 == 0)
                cancellationToken.ThrowIfCancellationRequested();
            newIds[id] = -1;
            if (!alive[id])
                continue;
            var labels = LabelsOf(id, room);
            newIds[id] = index.Add(labels, index.IdentityOf(labels.Bytes));
        }
        room.Return();
        return (index, newIds);
    }

    /// <summary>Writes everything as it is; the bytes are drawn in docs/formats/series-index.md. The writer's alone; nobody adds meanwhile.</summary>
    public void Save(IPageSink sink)
    {
        var into = new PageWriter(sink);
        into.Write(Magic);
        into.Write(Version);
        into.Write(IdentityOf("key"u8)); // tells whether a reader has the same key, and not which
        into.Write(_count);
        _labels.Save(into);
        _records.Save(into, _count);
        _verify.Save(into, _count);
        _identities.Save(into);
        into.Finish();
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="PagesDamagedException">It is not that, was cut off, altered, or made with another key.</exception>
    public static SeriesIndex Load(IPageSource source, UInt128 hashKey)
    {
        var from = new PageReader(source) { Part = "the head of a series index" };
        var index = new SeriesIndex(hashKey);
        if (from.Read<uint>() != Magic)
            throw from.Damaged("it is none");
        if (from.Read<int>() is var version and not Version)
            throw from.Damaged($"its version is {version}, this program reads {Version}");
        if (from.Read<UInt128>() != index.IdentityOf("key"u8))
            throw from.Damaged("it was made with another key");
        var count = from.ReadCount(SeriesMax);
        index._labels.Load(from, count);
        index._records.Load(from, count, index._labels);
        from.Part = "the identities of series";
        index._verify.Load(from, count);
        index._identities.Load(from, id => (uint)id < (uint)count);
        if (index._identities.Count != count)
            throw from.Damaged($"there are {index._identities.Count} of them for {count} series");
        from.Finish();
        index._count = count;
        return index;
    }

    private static uint FingerprintOf(UInt128 identity) => (uint)(identity >> 96);

    private int FirstWith(int name, int ordinal, Func<int, bool> counts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        for (var runs = _labels.PostingOf(_labels.HandleOf(name, ordinal)).Below(Count, _labels.Chunks); runs.MoveNext();)
        {
            for (var id = runs.Start; id < runs.End; id++)
            {
                if (counts(id))
                    return id;
                if (id % 4096 == 0)
                    cancellationToken.ThrowIfCancellationRequested();
            }
        }
        return -1;
    }

    private int Intern(Labels labels)
    {
        var at = 0;
        foreach (var label in labels)
        {
            if (at == _names.Length)
            {
                Array.Resize(ref _names, at * 2);
                Array.Resize(ref _handles, at * 2);
                Array.Resize(ref _ordinals, at * 2);
            }
            var isAsBefore = at < _lastLabels && _labels.NameText(_names[at]).SequenceEqual(label.Name);
            if (!isAsBefore)
            {
                _names[at] = _labels.InternName(label.Name);
                _lastLabels = Math.Min(_lastLabels, at); // what follows lies elsewhere too
            }
            if (!isAsBefore || !_labels.ValueText(_handles[at]).SequenceEqual(label.Value))
                _handles[at] = _labels.InternValue(_names[at], label.Value);
            _ordinals[at] = _labels.PlaceOf(_handles[at]).Ordinal;
            at++;
        }
        _lastLabels = at;
        return at;
    }

    private string[] NamesOf(int[] names)
    {
        Array.Sort(names, (a, b) => _labels.NameText(a).SequenceCompareTo(_labels.NameText(b)));
        return Array.ConvertAll(names, name => Encoding.UTF8.GetString(_labels.NameText(name)));
    }

    private string[] ValuesOf(int name, int[] ordinals, CancellationToken cancellationToken)
    {
        var handles = Array.ConvertAll(ordinals, ordinal => _labels.HandleOf(name, ordinal));
        _order.SortValues(handles, cancellationToken);
        return Array.ConvertAll(handles, handle => Encoding.UTF8.GetString(_labels.ValueText(handle)));
    }

    private string TextOf(int name, int ordinal) => Encoding.UTF8.GetString(_labels.ValueText(_labels.HandleOf(name, ordinal)));
}

/// <summary>A label name with how many values it has and how many series have it.</summary>
internal readonly record struct LabelCount(string Name, int Values, int Series);

/// <summary>A label's value with how many series have it.</summary>
internal readonly record struct ValueCount(string Value, int Series);
