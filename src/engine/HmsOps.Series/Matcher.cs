using System.Text;
using HmsOps.Series.Patterns;

namespace HmsOps.Series;

/// <summary>How a matcher compares.</summary>
public enum MatchOp
{
    /// <summary><c>=</c></summary>
    Equal,

    /// <summary><c>!=</c></summary>
    NotEqual,

    /// <summary><c>=~</c>, anchored at both ends.</summary>
    Regex,

    /// <summary><c>!~</c>, anchored at both ends.</summary>
    NotRegex,
}

/// <summary>One condition on one label. An absent label has the empty value. Immutable, safe to share.</summary>
public sealed class Matcher
{
    private readonly ValuePattern? _pattern;
    private readonly byte[] _value;

    /// <summary>Makes a matcher. A regular expression is RE2's, anchored, its dot matching newlines, and takes linear time whatever it is.</summary>
    /// <exception cref="ArgumentException">The pattern of a regular expression is not valid; the message says where and why.</exception>
    public Matcher(string name, MatchOp op, string value)
    {
        Name = name;
        Op = op;
        Value = value;
        _value = Encoding.UTF8.GetBytes(value);
        if (op is MatchOp.Regex or MatchOp.NotRegex)
            _pattern = new ValuePattern(value);
    }

    /// <summary>The label's name.</summary>
    public string Name { get; }

    /// <summary>How it is compared.</summary>
    public MatchOp Op { get; }

    /// <summary>What it is compared with.</summary>
    public string Value { get; }

    /// <summary>All values that its regular expression describes, when they can be listed (<c>a|b</c>, <c>web-[12]</c>); for an index, which then looks them up.</summary>
    public IReadOnlyList<byte[]>? Alternatives => _pattern?.Texts;

    /// <summary>True when the label's value (empty if absent) satisfies this matcher.</summary>
    public bool Matches(ReadOnlySpan<byte> value) => Op switch
    {
        MatchOp.Equal => value.SequenceEqual(_value),
        MatchOp.NotEqual => !value.SequenceEqual(_value),
        MatchOp.Regex => _pattern!.Matches(value), // set by the constructor for these two
        _ => !_pattern!.Matches(value),
    };

    /// <summary>True when the whole label set satisfies this matcher.</summary>
    public bool Matches(Labels labels) => Matches(labels.Get(Encoding.UTF8.GetBytes(Name)));

    /// <inheritdoc/>
    public override string ToString()
    {
        var op = Op switch { MatchOp.Equal => "=", MatchOp.NotEqual => "!=", MatchOp.Regex => "=~", _ => "!~" };
        return $"{(LabelNames.IsLegacyLabelName(Name) ? Name : LabelNames.Quote(Name))}{op}{LabelNames.Quote(Value)}";
    }
}
