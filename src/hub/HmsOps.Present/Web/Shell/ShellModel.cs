using HmsOps.Present.Readings;
using HmsOps.Present.Web.Words;

namespace HmsOps.Present.Web.Shell;

/// <summary>What surrounds every page.</summary>
public sealed record ShellModel
{
    public required string Title { get; init; }

    /// <summary>The address of the menu's entry that is lit; empty for none.</summary>
    public required string Active { get; init; }

    public required Moment Clock { get; init; }

    /// <summary>Path and query of this page: where the theme form and the range links lead back to.</summary>
    public required string Path { get; init; }

    /// <summary><c>light</c>, <c>dark</c>, or null: as the system has it.</summary>
    public required string? Theme { get; init; }

    public required int OpenIncidents { get; init; }

    public required int WorkspaceErrors { get; init; }

    public required HubStatus Hub { get; init; }

    /// <summary>The way to here, above the title: text and address.</summary>
    public IReadOnlyList<(string Text, string Address)> Crumbs { get; init; } = [];

    /// <summary>The range the page shows; null where it shows none.</summary>
    public TimeRange? Range { get; init; }

    /// <summary>The sequence the page was made at: what changed since is asked for again.</summary>
    public long RecordSize { get; init; }

    public string PathOnly => Path.Split('?')[0];
}
