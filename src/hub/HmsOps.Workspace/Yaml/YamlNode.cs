using System.Globalization;

namespace HmsOps.Workspace.Yaml;

/// <summary>
/// A node of a YAML document with its place, as offsets into the file's text. The tree is closed under three shapes and immutable;
/// an alias is the very node it names, so a diagnostic points at the anchor.
/// </summary>
public abstract class YamlNode
{
    private YamlNode(int start, int end)
    {
        Start = start;
        End = end;
    }

    /// <summary>Offset of the first character.</summary>
    public int Start { get; }

    /// <summary>Offset behind the last character.</summary>
    public int End { get; }

    /// <summary>Nodes in the tree below and including this one, aliases counted as if written out.</summary>
    internal int Size { get; private protected init; } = 1;

    /// <summary>What it is called in messages.</summary>
    public abstract string Shape { get; }

    /// <summary>A text, number, flag or nothing.</summary>
    public sealed class Scalar(string text, bool plain, int start, int end) : YamlNode(start, end)
    {
        /// <summary>The text as YAML reads it.</summary>
        public string Text { get; } = text;

        /// <summary>Written without quotes: only then may it be a number, a flag or nothing (YAML 1.2 core schema; <c>no</c> and <c>22:22</c> are text).</summary>
        public bool IsPlain { get; } = plain;

        /// <summary>True for nothing at all, <c>~</c> and <c>null</c>.</summary>
        public bool IsNull => IsPlain && Text is "" or "~" or "null" or "Null" or "NULL";

        /// <inheritdoc/>
        public override string Shape => IsNull ? "nothing" : $"'{Findings.Shorten(Text)}'";

        /// <summary>The core schema's booleans.</summary>
        public bool TryFlag(out bool flag)
        {
            flag = Text is "true" or "True" or "TRUE";
            return IsPlain && (flag || Text is "false" or "False" or "FALSE");
        }

        /// <summary>The core schema's integers, decimal only.</summary>
        public bool TryInteger(out long number)
        {
            number = 0;
            return IsPlain && long.TryParse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
        }
    }

    /// <summary>A list.</summary>
    public sealed class Sequence : YamlNode
    {
        internal Sequence(IReadOnlyList<YamlNode> items, int start, int end)
            : base(start, end)
        {
            Items = items;
            Size = 1 + items.Sum(item => item.Size);
        }

        /// <summary>Its items in order.</summary>
        public IReadOnlyList<YamlNode> Items { get; }

        /// <inheritdoc/>
        public override string Shape => "a list";
    }

    /// <summary>Keys and values, in the order written; no key twice.</summary>
    public sealed class Mapping : YamlNode
    {
        internal Mapping(IReadOnlyList<(Scalar Key, YamlNode Value)> entries, int start, int end)
            : base(start, end)
        {
            Entries = entries;
            Size = 1 + entries.Sum(entry => 1 + entry.Value.Size);
        }

        /// <summary>Its entries in order.</summary>
        public IReadOnlyList<(Scalar Key, YamlNode Value)> Entries { get; }

        /// <inheritdoc/>
        public override string Shape => "a map";

        /// <summary>The value under a key in whatever case it is spelled; null when it is not there.</summary>
        public YamlNode? Find(string key)
        {
            foreach (var (name, value) in Entries)
            {
                if (Binding.KeySpelling.Fold(name.Text) == key)
                    return value;
            }
            return null;
        }
    }
}
