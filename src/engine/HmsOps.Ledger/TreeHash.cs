using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace HmsOps.Ledger;

/// <summary>A SHA-256 hash of the tree: a leaf, a node or a root. 32 bytes, compared by value.</summary>
public readonly struct TreeHash : IEquatable<TreeHash>
{
    /// <summary>Bytes in a hash.</summary>
    public const int Size = 32;

    // Four words rather than an array: no allocation a hash, and levels of millions lie flat in memory.
    private readonly ulong _a, _b, _c, _d;

    /// <summary>Takes the 32 bytes of a hash.</summary>
    public TreeHash(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A tree hash has {Size} bytes, these are {bytes.Length}.", nameof(bytes));
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>Reads 64 hexadecimal digits, as <see cref="ToString"/> writes them.</summary>
    public static TreeHash Parse(string hex)
    {
        ArgumentNullException.ThrowIfNull(hex);
        if (hex.Length != 2 * Size)
            throw new FormatException($"A tree hash is written as {2 * Size} hexadecimal digits; '{hex}' has {hex.Length} characters.");
        return new TreeHash(Convert.FromHexString(hex));
    }

    /// <summary>Writes the 32 bytes to the front of a span.</summary>
    public void CopyTo(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt64BigEndian(into, _a);
        BinaryPrimitives.WriteUInt64BigEndian(into[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(into[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(into[24..], _d);
    }

    /// <summary>The 32 bytes, in an array of their own.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public bool Equals(TreeHash other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is TreeHash other && Equals(other);

    /// <summary>The first bytes of the hash itself: the same in every process.</summary>
    public override int GetHashCode() => (int)(_a >> 32);

    /// <summary>Equal bytes.</summary>
    public static bool operator ==(TreeHash left, TreeHash right) => left.Equals(right);

    /// <summary>Different bytes.</summary>
    public static bool operator !=(TreeHash left, TreeHash right) => !left.Equals(right);

    /// <summary>64 hexadecimal digits, lower case.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());
}
