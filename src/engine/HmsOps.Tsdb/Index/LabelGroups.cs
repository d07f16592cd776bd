using System.Buffers;
using HmsOps.Series;

namespace HmsOps.Tsdb.Index;

/// <summary>
/// Some labels of series, for one reader: made once for all series that are alike in them. Which places of a record they lie at its keyset says, and what
/// stands there says which group it is; no text is read for a group that is known.
/// </summary>
internal sealed class LabelGroups(LabelTable labels, LabelRecords records, LabelChoice choice)
{
    private readonly Dictionary<int, bool[]> _wanted = []; // of a keyset, which of its places
    private readonly Dictionary<int[], Labels>.AlternateLookup<ReadOnlySpan<int>> _groups = new Dictionary<int[], Labels>(new Numbers()).GetAlternateLookup<ReadOnlySpan<int>>();
    private (int Keyset, bool[] Places) _last = (-1, []);
    private int[] _key = new int[32];

    /// <summary>Those labels of a series.</summary>
    public Labels Of(int id)
    {
        var record = records.Read(id);
        if (record.Keyset != _last.Keyset)
            _last = (record.Keyset, WantedOf(record.Keyset));
        if (_key.Length < (_last.Places.Length * 2) + 1)
            _key = new int[(_last.Places.Length * 2) + 1];
        var length = 0;
        for (var place = 0; record.MoveNext(); place++)
        {
            if (!_last.Places[place])
                continue;
            (_key[length], _key[length + 1]) = (record.Name, record.Ordinal);
            length += 2;
        }
        var key = _key.AsSpan(0, length);
        if (_groups.TryGetValue(key, out var known))
            return known;
        return _groups[key] = Make(key);
    }

    private bool[] WantedOf(int keyset)
    {
        if (_wanted.TryGetValue(keyset, out var places))
            return places;
        var names = records.Names(keyset);
        places = new bool[names.Left];
        for (var i = 0; i < places.Length; i++)
            places[i] = choice.Wants(labels.NameText(names.Next()));
        _wanted.Add(keyset, places);
        return places;
    }

    private Labels Make(ReadOnlySpan<int> key)
    {
        var bytes = new ArrayBufferWriter<byte>(64);
        for (var i = 0; i < key.Length; i += 2)
            LabelBytes.Write(bytes, labels.NameText(key[i]), labels.ValueText(labels.HandleOf(key[i], key[i + 1])));
        return Labels.TryFromBytes(bytes.WrittenMemory, out var made) ? made : throw new InvalidOperationException($"The labels {string.Join(' ', key.ToArray())} are not in order.");
    }

    private sealed class Numbers : IEqualityComparer<int[]>, IAlternateEqualityComparer<ReadOnlySpan<int>, int[]>
    {
        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<int> alternate, int[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<int> alternate)
        {
            var hash = 0x9E3779B97F4A7C15UL;
            foreach (var number in alternate)
                hash = Math.BigMul(hash ^ (uint)number, 0x9E3779B97F4A7C15UL, out var low) ^ low;
            return (int)(hash ^ (hash >> 32));
        }

        public int[] Create(ReadOnlySpan<int> alternate) => alternate.ToArray();
    }
}
