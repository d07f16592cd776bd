using System.Text.RegularExpressions;

namespace HmsOps.Processes.Scripts;

/// <summary>Names one run for ever. Under one id at most one script is ever started. Also the name of the run's folder.</summary>
public readonly partial record struct RunId
{
    /// <summary>Takes letters, digits, <c>_</c>, <c>-</c> and <c>.</c>, not first; at most 128.</summary>
    public RunId(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (!Shape().IsMatch(value))
            throw new ArgumentException($"'{value}' cannot name a run: take letters, digits, '_', '-' and '.', at most 128, not '.' first.", nameof(value));
        Value = value;
    }

    /// <summary>True for what can name a run.</summary>
    public static bool IsValid(string value) => Shape().IsMatch(value);

    /// <summary>The name.</summary>
    public string Value { get; }

    /// <summary>What everything started in the run carries in its environment.</summary>
    internal string Mark => $"{ScriptEnvironment.RunId}={Value}";

    /// <inheritdoc/>
    public override string ToString() => Value;

    [GeneratedRegex(@"\A[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Shape();
}
