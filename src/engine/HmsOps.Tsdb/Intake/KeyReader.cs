using System.Text.Unicode;
using HmsOps.Series;

namespace HmsOps.Tsdb.Intake;

/// <summary>
/// Reads label bytes that the store does not know, as any writer of the wire format may have written them: labels and their fields in any order,
/// lengths longer than need be, unknown fields, empty values. Owned by the holder of the store's turn.
/// </summary>
internal sealed class KeyReader(Refusals refusals)
{
    private const int LabelField = 1;
    private const int NameField = 1;
    private const int ValueField = 2;
    private const int Bytes = 2; // the wire type of what has a length

    private readonly LabelsBuilder _labels = new();
    private readonly List<byte[]> _names = [];

    /// <summary>The canonical label set of a key, in the key's own bytes where they are canonical; what is wrong with it, when something is.</summary>
    public Refusal? Read(ReadOnlyMemory<byte> bytes, out Labels labels)
    {
        return Labels.TryFromBytes(bytes, out labels) ? Check(labels) : ReadAnyForm(bytes.Span, out labels);
    }

    /// <summary>What is wrong with a label set; null when nothing is.</summary>
    public Refusal? Check(Labels labels) => IsUtf8(labels) ? LabelLimits.Check(labels, refusals) : refusals.InvalidUtf8;

    private static bool IsUtf8(Labels labels)
    {
        foreach (var label in labels)
        {
            if (!Utf8.IsValid(label.Name) || !Utf8.IsValid(label.Value))
                return false;
        }
        return true;
    }

    private Refusal? ReadAnyForm(ReadOnlySpan<byte> key, out Labels labels)
    {
        labels = Labels.Empty;
        if (key.Length > 2 * LabelLimits.BytesMax)
            return refusals.LabelBytes;
        _labels.Clear();
        _names.Clear();
        while (!key.IsEmpty)
        {
            if (!TryReadField(ref key, out var field, out var label))
                return refusals.LabelForm;
            if (field == LabelField && ReadLabel(label) is { } wrong)
                return wrong;
        }
        labels = _labels.Build();
        return LabelLimits.Check(labels, refusals);
    }

    private Refusal? ReadLabel(ReadOnlySpan<byte> label)
    {
        var name = ReadOnlySpan<byte>.Empty;
        var value = ReadOnlySpan<byte>.Empty;
        while (!label.IsEmpty)
        {
            if (!TryReadField(ref label, out var field, out var bytes))
                return refusals.LabelForm;
            if (field == NameField)
                name = bytes;
            else if (field == ValueField)
                value = bytes;
        }
        if (value.IsEmpty)
            return null; // the label is absent
        if (name.IsEmpty)
            return refusals.EmptyName;
        if (!Utf8.IsValid(name) || !Utf8.IsValid(value))
            return refusals.InvalidUtf8;
        foreach (var other in _names)
        {
            if (other.AsSpan().SequenceEqual(name))
                return refusals.DuplicateLabel;
        }
        if (_names.Count == LabelLimits.CountMax)
            return refusals.LabelCount;
        _names.Add(name.ToArray());
        _labels.Set(name, value);
        return null;
    }

    // Reads one field and moves past it. Of fields without a length there are none in this format: what is of another wire type is skipped.
    private static bool TryReadField(scoped ref ReadOnlySpan<byte> from, out int field, out ReadOnlySpan<byte> bytes)
    {
        field = 0;
        bytes = default;
        if (!Varint.TryRead(ref from, out var tag) || tag >> 3 is 0 or > int.MaxValue)
            return false;
        switch (tag & 7)
        {
            case 0:
                return Varint.TryRead(ref from, out _);
            case 1:
                return TrySkip(ref from, sizeof(ulong));
            case Bytes:
                field = (int)(tag >> 3);
                return Varint.TryReadBlock(ref from, out bytes);
            case 5:
                return TrySkip(ref from, sizeof(uint));
            default:
                return false;
        }
    }

    private static bool TrySkip(scoped ref ReadOnlySpan<byte> from, int bytes)
    {
        if (from.Length < bytes)
            return false;
        from = from[bytes..];
        return true;
    }
}
