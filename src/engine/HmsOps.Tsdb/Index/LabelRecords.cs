using HmsOps.Series;
using HmsOps.Tsdb.Pages;

namespace HmsOps.Tsdb.Index;

/// <summary>
/// The label set of each series as a record: the number of its keyset (the interned list of its label names), then for each name the ordinal of the
/// value, all varints. An eleven-label series of Kubernetes takes 14 to 18 bytes.
/// </summary>
internal sealed class LabelRecords
{
    private readonly IdentityHash _hash;
    private readonly ByteArena _records = new();
    private readonly PagedColumn<uint> _recordOf = new();
    private readonly ByteArena _keysets = new();
    private readonly PagedColumn<uint> _keysetAt = new();
    private readonly HandleTable _keysetTable = new();
    private int _keysetCount;
    private byte[] _scratch = new byte[256];
    private int _lastKeyset = -1;

    public LabelRecords(IdentityHash hash) => _hash = hash;

    /// <summary>Keysets there are.</summary>
    public int KeysetCount => Volatile.Read(ref _keysetCount);

    /// <summary>Bytes of records and keysets.</summary>
    public long MemoryBytes =>
        _records.MemoryBytes + _recordOf.MemoryBytes + _keysets.MemoryBytes + _keysetAt.MemoryBytes + _keysetTable.MemoryBytes;

    /// <summary>The record of a series, from its beginning to the end of a page.</summary>
    public Reader Read(int id)
    {
        var rest = _records[_recordOf[id]];
        var keyset = (int)NextOf(ref rest);
        return new Reader(rest, Names(keyset), keyset);
    }

    /// <summary>The names of a keyset.</summary>
    public NameList Names(int keyset) => new(_keysets[_keysetAt[keyset]]);

    /// <summary>Writes the record of a new series.</summary>
    public void Add(int id, ReadOnlySpan<int> names, ReadOnlySpan<int> ordinals)
    {
        var keyset = Intern(names);
        var bytes = Room(names.Length + 1);
        var length = Varint.Write(bytes, (ulong)keyset);
        foreach (var ordinal in ordinals)
            length += Varint.Write(bytes[length..], (ulong)ordinal);
        bytes[..length].CopyTo(_records.Take(length, out var handle));
        _recordOf.Touch(id) = handle;
    }

    /// <summary>Writes everything as it is.</summary>
    public void Save(PageWriter into, int series)
    {
        into.Write(_keysetCount);
        _keysetAt.Save(into, _keysetCount);
        _keysets.Save(into);
        _keysetTable.Save(into);
        _recordOf.Save(into, series);
        _records.Save(into);
    }

    /// <summary>Reads what <see cref="Save"/> wrote, and checks it against the names and values there are.</summary>
    public void Load(PageReader from, int series, LabelTable labels)
    {
        from.Part = "the label sets";
        _keysetCount = from.ReadCount(int.MaxValue);
        _keysetAt.Load(from, _keysetCount);
        _keysets.Load(from);
        _keysetTable.Load(from, keyset => (uint)keyset < (uint)_keysetCount);
        _recordOf.Load(from, series);
        _records.Load(from);
        for (var keyset = 0; keyset < _keysetCount; keyset++)
        {
            if (!IsKeyset(_keysetAt[keyset], labels))
                throw from.Damaged($"keyset {keyset} is not one");
        }
        for (var id = 0; id < series; id++)
        {
            if (!IsRecord(_recordOf[id], labels))
                throw from.Damaged($"the label set of series {id} is not one");
        }
    }

    private int Intern(ReadOnlySpan<int> names)
    {
        // Series come as their sender lists them: mostly with the names of the one before.
        if (_lastKeyset >= 0 && IsList(_lastKeyset, names))
            return _lastKeyset;
        var bytes = Room(names.Length + 1);
        var length = Varint.Write(bytes, (ulong)names.Length);
        foreach (var name in names)
            length += Varint.Write(bytes[length..], (ulong)name);
        var fingerprint = _hash.Fingerprint(bytes[..length], 0);
        var probe = _keysetTable.Find(fingerprint);
        while (probe.MoveNext())
        {
            if (IsList(probe.Handle, names))
                return _lastKeyset = probe.Handle;
        }
        bytes[..length].CopyTo(_keysets.Take(length, out var handle));
        _keysetAt.Touch(_keysetCount) = handle;
        _keysetTable.Add(fingerprint, _keysetCount);
        _lastKeyset = _keysetCount;
        Volatile.Write(ref _keysetCount, _keysetCount + 1);
        return _lastKeyset;
    }

    private bool IsList(int keyset, ReadOnlySpan<int> names)
    {
        var list = Names(keyset);
        if (list.Left != names.Length)
            return false;
        foreach (var name in names)
        {
            if (list.Next() != name)
                return false;
        }
        return true;
    }

    private bool IsKeyset(uint at, LabelTable labels)
    {
        if (!_keysets.Holds(at, 1))
            return false;
        var rest = _keysets[at];
        if (!Varint.TryRead(ref rest, out var count) || count > (ulong)rest.Length)
            return false;
        for (var i = 0UL; i < count; i++)
        {
            if (!Varint.TryRead(ref rest, out var name) || name >= (ulong)labels.NameCount)
                return false;
        }
        return true;
    }

    private bool IsRecord(uint at, LabelTable labels)
    {
        if (!_records.Holds(at, 1))
            return false;
        var rest = _records[at];
        if (!Varint.TryRead(ref rest, out var keyset) || keyset >= (ulong)_keysetCount)
            return false;
        for (var names = Names((int)keyset); names.Left > 0;)
        {
            if (rest.IsEmpty)
                return false;
            ulong ordinal = rest[0];
            if (ordinal < 0x80)
                rest = rest[1..];
            else if (!Varint.TryRead(ref rest, out ordinal))
                return false;
            if (ordinal >= (ulong)labels.ValuesOf(names.Next()))
                return false;
        }
        return true;
    }

    private Span<byte> Room(int numbers)
    {
        if (_scratch.Length < numbers * Varint.BytesMax)
            _scratch = new byte[numbers * Varint.BytesMax * 2];
        return _scratch;
    }

    private static uint NextOf(scoped ref ReadOnlySpan<byte> from)
    {
        uint value = from[0];
        if (value < 0x80)
        {
            from = from[1..];
            return value;
        }
        value &= 0x7f;
        var at = 1;
        for (var shift = 7; ; shift += 7)
        {
            uint b = from[at++];
            value |= (b & 0x7f) << shift;
            if (b < 0x80)
                break;
        }
        from = from[at..];
        return value;
    }

    /// <summary>A walk over the names of a keyset.</summary>
    public ref struct NameList
    {
        private ReadOnlySpan<byte> _rest;

        internal NameList(ReadOnlySpan<byte> bytes)
        {
            _rest = bytes;
            Left = (int)NextOf(ref _rest);
        }

        /// <summary>Names not yet walked.</summary>
        public int Left { get; private set; }

        /// <summary>The next name.</summary>
        public int Next()
        {
            Left--;
            return (int)NextOf(ref _rest);
        }
    }

    /// <summary>A walk over one label set, in the order of names.</summary>
    public ref struct Reader
    {
        private ReadOnlySpan<byte> _rest;
        private NameList _names;

        internal Reader(ReadOnlySpan<byte> rest, NameList names, int keyset)
        {
            _rest = rest;
            _names = names;
            Keyset = keyset;
        }

        /// <summary>Which keyset the series has.</summary>
        public int Keyset { get; }

        /// <summary>The name the walk stands on.</summary>
        public int Name { readonly get; private set; }

        /// <summary>Which of the name's values.</summary>
        public int Ordinal { readonly get; private set; }

        /// <summary>Goes to the next label.</summary>
        public bool MoveNext()
        {
            if (_names.Left == 0)
                return false;
            Name = _names.Next();
            Ordinal = (int)NextOf(ref _rest);
            return true;
        }

        /// <summary>The ordinal at a position of the keyset, from the beginning; the walk is then over.</summary>
        public int At(int position)
        {
            for (var i = 0; i < position; i++)
                NextOf(ref _rest);
            return (int)NextOf(ref _rest);
        }
    }
}
