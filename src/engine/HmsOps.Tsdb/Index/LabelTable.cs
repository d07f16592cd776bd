using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HmsOps.Series;
using HmsOps.Tsdb.Pages;

namespace HmsOps.Tsdb.Index;

/// <summary>
/// Label names and, for each name, its values in the order in which they came: a value is known by its name and its ordinal there, and by
/// one handle among all values. Ordinals are what makes a label record short, and a walk over the values of one name a walk over an array.
/// </summary>
/// <remarks>
/// The values of a name lie in stretches of 1, 2, 4, … handles, so that a handle follows from name and ordinal, and nothing moves. One writer; a
/// reader sees the values whose count it read.
/// </remarks>
internal sealed class LabelTable
{
    private const int Stretches = 29; // 2^29 − 1 values of one name

    private readonly IdentityHash _hash;
    private readonly ByteArena _texts;
    private readonly PagedColumn<NameEntry> _names = new();
    private readonly PagedColumn<ValueEntry> _values = new();
    private readonly HandleTable _nameTable = new();
    private readonly HandleTable _valueTable = new();
    private int _nameCount;
    private int _nextHandle;

    public LabelTable(IdentityHash hash)
    {
        _hash = hash;
        _texts = new ByteArena();
        Chunks = new PostingChunks();
    }

    /// <summary>Where the postings keep their runs.</summary>
    public PostingChunks Chunks { get; private set; }

    /// <summary>Names there are.</summary>
    public int NameCount => Volatile.Read(ref _nameCount);

    /// <summary>Values there are, of all names.</summary>
    public int ValueCount => _valueTable.Count;

    /// <summary>Handles are below this.</summary>
    public int HandleLimit => Volatile.Read(ref _nextHandle);

    /// <summary>What names and values take, and beside it what their postings take.</summary>
    public (long Values, long Postings) MemoryBytes =>
        (_texts.MemoryBytes + _names.MemoryBytes + _values.MemoryBytes + _nameTable.MemoryBytes + _valueTable.MemoryBytes, Chunks.MemoryBytes);

    /// <summary>The name with these bytes; −1 when there is none.</summary>
    public int FindName(ReadOnlySpan<byte> text)
    {
        var probe = _nameTable.Find(_hash.Fingerprint(text, 0));
        while (probe.MoveNext())
        {
            if (NameText(probe.Handle).SequenceEqual(text))
                return probe.Handle;
        }
        return -1;
    }

    /// <summary>The handle of a value of a name; −1 when there is none.</summary>
    public int FindValue(int name, ReadOnlySpan<byte> text) => FindValue(name, text, _hash.Fingerprint(text, (uint)name + 1));

    /// <summary>The bytes of a name.</summary>
    public ReadOnlySpan<byte> NameText(int name) => TextAt(_names[name].Text);

    /// <summary>The bytes of a value.</summary>
    public ReadOnlySpan<byte> ValueText(int handle) => TextAt(_values[handle].Text);

    /// <summary>How many values a name has. A reader that read it may use that many ordinals.</summary>
    public int ValuesOf(int name) => Volatile.Read(ref _names[name].Values);

    /// <summary>How many series have a name, those that left included.</summary>
    public int SeriesOf(int name) => _names[name].Series;

    /// <summary>The handle of a name's value.</summary>
    public int HandleOf(int name, int ordinal)
    {
        var stretch = int.Log2(ordinal + 1);
        return _names[name].First[stretch] + ordinal + 1 - (1 << stretch);
    }

    /// <summary>The name of a value, and which of its values it is.</summary>
    public (int Name, int Ordinal) PlaceOf(int handle) => (_values[handle].Name, _values[handle].Ordinal);

    /// <summary>The series that have a value.</summary>
    public ref Posting PostingOf(int handle) => ref _values[handle].Series;

    /// <summary>The name with these bytes, made if need be.</summary>
    public int InternName(ReadOnlySpan<byte> text)
    {
        var found = FindName(text);
        if (found >= 0)
            return found;
        var name = _nameCount;
        _names.Touch(name).Text = AddText(text);
        _nameTable.Add(_hash.Fingerprint(text, 0), name);
        Volatile.Write(ref _nameCount, name + 1);
        return name;
    }

    /// <summary>The handle of a value of a name, made if need be.</summary>
    public int InternValue(int name, ReadOnlySpan<byte> text)
    {
        var fingerprint = _hash.Fingerprint(text, (uint)name + 1);
        var found = FindValue(name, text, fingerprint);
        if (found >= 0)
            return found;
        ref var entry = ref _names[name];
        var ordinal = entry.Values;
        var stretch = int.Log2(ordinal + 1);
        if (ordinal + 1 == 1 << stretch)
            Begin(ref entry, stretch);
        var handle = HandleOf(name, ordinal);
        ref var value = ref _values.Touch(handle);
        (value.Name, value.Ordinal, value.Text) = (name, ordinal, AddText(text));
        _valueTable.Add(fingerprint, handle);
        Volatile.Write(ref entry.Values, ordinal + 1);
        return handle;
    }

    /// <summary>Notes that a series has a value. Ids must ascend.</summary>
    public void Post(int handle, int id)
    {
        ref var value = ref _values[handle];
        value.Series.Add(id, Chunks);
        _names[value.Name].Series++;
    }

    /// <summary>Writes everything as it is.</summary>
    public void Save(PageWriter into)
    {
        into.Write(_nameCount);
        into.Write(_nextHandle);
        _names.Save(into, _nameCount);
        for (var at = 0; at < _nextHandle; at += PagedColumn<ValueEntry>.PerPage)
            into.Write(_values.Has(at) ? (byte)1 : (byte)0);
        ForEachPage((page, count) => _values.SavePage(into, page, count));
        _texts.Save(into);
        Chunks.Save(into);
        _nameTable.Save(into);
        _valueTable.Save(into);
    }

    /// <summary>Reads what <see cref="Save"/> wrote, of an index with this many series, and checks that it holds together.</summary>
    public void Load(PageReader from, int series)
    {
        from.Part = "the names and values of labels";
        _nameCount = from.ReadCount((int)Math.Min(int.MaxValue, from.BytesMax));
        _nextHandle = from.ReadCount(int.MaxValue - PagedColumn<ValueEntry>.PerPage);
        _names.Load(from, _nameCount);
        LoadValues(from);
        _texts.Load(from);
        Chunks = PostingChunks.Load(from);
        _nameTable.Load(from, name => (uint)name < (uint)_nameCount);
        _valueTable.Load(from, IsValue);
        Check(from, series);
    }

    private int FindValue(int name, ReadOnlySpan<byte> text, uint fingerprint)
    {
        var probe = _valueTable.Find(fingerprint);
        while (probe.MoveNext())
        {
            ref var value = ref _values[probe.Handle];
            if (value.Name == name && TextAt(value.Text).SequenceEqual(text))
                return probe.Handle;
        }
        return -1;
    }

    private void Begin(ref NameEntry entry, int stretch)
    {
        if (stretch >= Stretches || _nextHandle > int.MaxValue - PagedColumn<ValueEntry>.PerPage - (1 << stretch))
            throw new InvalidOperationException("The index is full: a label has more values than it can number. Lower the limit of values.");
        entry.First[stretch] = _nextHandle;
        Volatile.Write(ref _nextHandle, _nextHandle + (1 << stretch));
    }

    private uint AddText(ReadOnlySpan<byte> text)
    {
        var head = Varint.Size((ulong)text.Length);
        var room = _texts.Take(head + text.Length, out var handle);
        Varint.Write(room, (ulong)text.Length);
        text.CopyTo(room[head..]);
        return handle;
    }

    private ReadOnlySpan<byte> TextAt(uint handle)
    {
        var page = _texts[handle];
        int length = page[0];
        if (length < 0x80)
            return page.Slice(1, length);
        return Varint.TryReadBlock(ref page, out var text) ? text : throw new InvalidOperationException("A text of the index is cut off.");
    }

    // Only pages that were ever touched: a stretch is reserved whole and filled from its beginning.
    private void ForEachPage(Action<int, int> page)
    {
        var perPage = PagedColumn<ValueEntry>.PerPage;
        for (var at = 0; at < _nextHandle; at += perPage)
        {
            if (_values.Has(at))
                page(at, Math.Min(perPage, _nextHandle - at));
        }
    }

    private void LoadValues(PageReader from)
    {
        var perPage = PagedColumn<ValueEntry>.PerPage;
        if (_nextHandle / perPage > from.BytesMax)
            throw from.Damaged($"{_nextHandle} values are said to follow");
        var pages = new byte[(_nextHandle + perPage - 1) / perPage];
        from.Read(pages);
        for (var i = 0; i < pages.Length; i++)
        {
            if (pages[i] != 0)
                _values.LoadPage(from, i * perPage, Math.Min(perPage, _nextHandle - (i * perPage)));
        }
    }

    private bool IsValue(int handle)
    {
        if ((uint)handle >= (uint)_nextHandle || !_values.Has(handle))
            return false;
        var value = _values[handle];
        return (uint)value.Name < (uint)_nameCount && (uint)value.Ordinal < (uint)_names[value.Name].Values;
    }

    private void Check(PageReader from, int series)
    {
        var values = 0L;
        for (var name = 0; name < _nameCount; name++)
        {
            ref var entry = ref _names[name];
            if (!IsText(entry.Text) || entry.Values < 0 || entry.Values >= 1 << Stretches)
                throw from.Damaged($"label {name} has no name or an impossible number of values");
            var posted = 0L;
            for (var ordinal = 0; ordinal < entry.Values; ordinal++)
            {
                var handle = HandleOf(name, ordinal);
                if (!IsValue(handle) || PlaceOf(handle) != (name, ordinal) || !IsText(_values[handle].Text) || !PostingOf(handle).IsSound(series, Chunks))
                    throw from.Damaged($"value {ordinal} of label {name} does not hold together");
                posted += PostingOf(handle).Count;
            }
            if (posted != entry.Series)
                throw from.Damaged($"label {name} says that {entry.Series} series have it, its values say {posted}");
            values += entry.Values;
        }
        if (values != _valueTable.Count || _nameTable.Count != _nameCount)
            throw from.Damaged("the tables know another number of names or values");
    }

    private bool IsText(uint handle)
    {
        if (!_texts.Holds(handle, 1))
            return false;
        var rest = _texts[handle];
        return Varint.TryRead(ref rest, out var length) && length <= int.MaxValue / 2
            && _texts.Holds(handle, Varint.Size(length) + (int)length);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct NameEntry
    {
        public uint Text;
        public int Values;
        public int Series;
        public FirstHandles First;
    }

    [InlineArray(Stretches)]
    private struct FirstHandles
    {
        private int _first;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)] // 32 bytes
    private struct ValueEntry
    {
        public Posting Series;
        public int Name;
        public int Ordinal;
        public uint Text;
    }
}
