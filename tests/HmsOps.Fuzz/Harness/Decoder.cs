using System.Runtime.CompilerServices;
using System.Text;

namespace HmsOps.Fuzz.Harness;

/// <summary>
/// A reader of bytes from outside, as the harness sees it: something that takes or refuses an input in a way of its own, holds what it promises while doing so,
/// and throws nothing. What it is declared to throw is a refusal; <see cref="Read"/> says so.
/// </summary>
/// <param name="Name">Its name on the command line and its folder of the corpus.</param>
/// <param name="Read">Reads one input, with nothing left over from the one before. Throws <see cref="BrokenPromiseException"/> when what it promises does not hold.</param>
sealed record Decoder(string Name, Func<ReadOnlyMemory<byte>, Reading> Read)
{
    /// <summary>What the corpus begins with, made by real encoders or by hand; each has a name.</summary>
    public required Func<IEnumerable<(string Name, byte[] Bytes)>> Seeds { get; init; }

    /// <summary>Words of its language, put into inputs as they are.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Makes the checksums of changed bytes right again, where it has any, so that what lies behind them is read too.</summary>
    public Action<byte[]>? Seal { get; init; }

    /// <summary>So many bytes at the beginning say what the rest is; they are seldom changed, or nothing behind them would be read.</summary>
    public int HeadBytes { get; init; }

    /// <summary>The longest input that is made.</summary>
    public int InputBytesMax { get; init; } = 2048;

    /// <summary>What an input may make it allocate, whatever it says: so much, with the harness' own part, …</summary>
    public long AllocationBase { get; init; } = 64 << 10;

    /// <summary>… and so many bytes more for each byte of the input.</summary>
    public long AllocationPerByte { get; init; } = 200;

    /// <summary>Its part of a number of inputs, beside those of the others: slow ones get fewer.</summary>
    public int Share { get; init; } = 100;

    public long AllocationMax(int inputBytes) => AllocationBase + (AllocationPerByte * inputBytes);
}

/// <summary>What a decoder made of an input.</summary>
/// <param name="IsAccepted">It was taken.</param>
/// <param name="Outcome">What became of it, or why it was refused: inputs with outcomes not seen before are kept to be changed further.</param>
/// <param name="Digest">A sum over all that was read, so that two readings can be compared.</param>
readonly record struct Reading(bool IsAccepted, string Outcome, ulong Digest)
{
    public static Reading Accepted(string outcome, Digest digest = default) => new(true, outcome, digest.Value);

    public static Reading Refused(string why) => new(false, why, 0);
}

/// <summary>What a decoder promises does not hold for an input: what it wrote does not read back, two readers disagree, a place lies outside.</summary>
sealed class BrokenPromiseException(string what) : Exception(what)
{
    /// <summary>Throws when it does not hold. The words are made only then.</summary>
    public static void Unless(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] PromiseWords what)
    {
        if (!holds)
            throw new BrokenPromiseException(what.ToString());
    }

    /// <summary>As above.</summary>
    public static void Unless(bool holds, string what)
    {
        if (!holds)
            throw new BrokenPromiseException(what);
    }
}

/// <summary>Words that are put together only when a promise is broken: most never are.</summary>
[InterpolatedStringHandler]
readonly struct PromiseWords
{
    readonly StringBuilder? _text;

    public PromiseWords(int literals, int holes, bool holds, out bool isWanted)
    {
        isWanted = !holds;
        _text = isWanted ? new StringBuilder(literals + (8 * holes)) : null;
    }

    public void AppendLiteral(string text) => _text?.Append(text);

    public void AppendFormatted<T>(T value, string? format = null) => _text?.Append(format is null ? value?.ToString() : (value as IFormattable)?.ToString(format, null));

    public override string ToString() => _text?.ToString() ?? "";
}

/// <summary>A running sum over what was read (FNV-1a, a word at a time). Allocates nothing.</summary>
struct Digest
{
    const ulong Prime = 0x100000001b3;

    public ulong Value { get; private set; }

    public void Add(ulong word) => Value = ((Value ^ word) * Prime) ^ (Value >> 29);

    public void Add(long word) => Add((ulong)word);

    public void Add(double value) => Add(BitConverter.DoubleToUInt64Bits(value));

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Add((ulong)bytes.Length);
        foreach (var b in bytes)
            Add((ulong)b);
    }

    public void Add(ReadOnlySpan<char> text)
    {
        Add((ulong)text.Length);
        foreach (var c in text)
            Add((ulong)c);
    }
}
