namespace HmsOps.Series.Patterns;

/// <summary>A regular expression, read.</summary>
internal abstract record PatternNode
{
    private PatternNode()
    {
    }

    /// <summary>One character of a set.</summary>
    public sealed record One(CharacterSet Set) : PatternNode;

    /// <summary>One after the other; none: the empty text.</summary>
    public sealed record Sequence(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>One or the other.</summary>
    public sealed record Choice(IReadOnlyList<PatternNode> Parts) : PatternNode;

    /// <summary>A part whose text is kept, under a name where it has one.</summary>
    public sealed record Group(PatternNode Part, string? Name) : PatternNode;

    /// <summary>Again and again; <paramref name="Max"/> −1: as often as it likes.</summary>
    public sealed record Repeat(PatternNode Part, int Min, int Max) : PatternNode
    {
        /// <summary>Fewer are tried first. It does not matter to whether a text matches, only to what its groups hold.</summary>
        public bool IsLazy { get; init; }

        /// <summary>True for any text at all, of at least <see cref="Min"/> characters.</summary>
        public bool IsAny => Max < 0 && Part is One { Set.IsAll: true };
    }

    /// <summary>A place between characters.</summary>
    public sealed record Place(PlaceKind Kind) : PatternNode;
}

/// <summary>Which place between characters.</summary>
internal enum PlaceKind
{
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordEdge,
    NoWordEdge,
}
