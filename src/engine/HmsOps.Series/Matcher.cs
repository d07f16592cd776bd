using System.Text;
using System.Text.RegularExpressions;

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
    // Linear time whatever the pattern is: a matcher comes from people, files and the network.
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline;

    private readonly Regex? _regex;
    private readonly byte[] _value;

    /// <summary>Makes a matcher.</summary>
    /// <exception cref="ArgumentException">The pattern of a regular expression is not valid.</exception>
    public Matcher(string name, MatchOp op, string value)
    {
        Name = name;
        Op = op;
        Value = value;
        _value = Encoding.UTF8.GetBytes(value);
        if (op is MatchOp.Regex or MatchOp.NotRegex)
            _regex = Anchored(value);
    }

    /// <summary>The label's name.</summary>
    public string Name { get; }

    /// <summary>How it is compared.</summary>
    public MatchOp Op { get; }

    /// <summary>What it is compared with.</summary>
    public string Value { get; }

    /// <summary>True when the label's value (empty if absent) satisfies this matcher.</summary>
    public bool Matches(ReadOnlySpan<byte> value) => Op switch
    {
        MatchOp.Equal => value.SequenceEqual(_value),
        MatchOp.NotEqual => !value.SequenceEqual(_value),
        MatchOp.Regex => _regex!.IsMatch(Encoding.UTF8.GetString(value)), // set by the constructor for these two
        _ => !_regex!.IsMatch(Encoding.UTF8.GetString(value)),
    };

    /// <summary>True when the whole label set satisfies this matcher.</summary>
    public bool Matches(Labels labels) => Matches(labels.Get(Encoding.UTF8.GetBytes(Name)));

    private static Regex Anchored(string pattern)
    {
        _ = new Regex(pattern, Linear); // alone first: one that closes our group is not a pattern
        return new Regex($@"\A(?:{pattern})\z", Linear, TimeSpan.FromMilliseconds(100)); // not ^ and $, which know lines
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var op = Op switch { MatchOp.Equal => "=", MatchOp.NotEqual => "!=", MatchOp.Regex => "=~", _ => "!~" };
        return $"{(LabelNames.IsLegacyLabelName(Name) ? Name : LabelNames.Quote(Name))}{op}{LabelNames.Quote(Value)}";
    }
}
