namespace HmsOps.House.Tests.Arrows;

/// <summary>Holds projects against the table and says what to do instead.</summary>
static class ArrowRule
{
    public static IEnumerable<string> Check(IEnumerable<Project> projects, IReadOnlyDictionary<string, IReadOnlySet<string>> allowed)
    {
        foreach (var project in projects)
        {
            if (!allowed.TryGetValue(project.Room, out var mayReference))
            {
                yield return $"{project.Path}: the room {project.Room} is not in Arrows/ArrowTable.cs. Give it a row that says what it may reference.";
                continue;
            }
            foreach (var other in project.References.Where(other => !mayReference.Contains(other)))
                yield return $"{project.Path}: {Explain(project.Room, other, allowed)}";
            foreach (var file in project.ForeignFiles)
                yield return $"{project.Path}: compiles {file} from another folder. Reference the room that owns it, or move the file.";
        }
    }

    static string Explain(string from, string to, IReadOnlyDictionary<string, IReadOnlySet<string>> allowed)
    {
        if (!allowed.TryGetValue(to, out var mayReference))
            return $"{from} references {to}, which is no room of src/. Reference a room, or take a package centrally pinned.";
        if (ArrowTable.Siblings.Contains(from) && ArrowTable.Siblings.Contains(to))
            return $"{from} references {to}, but they do not know one another: they meet at the metric store and the ledger. "
                + $"Let {to} write an event whose type lives in Record, and let {from} read it.";
        if (ArrowTable.IsEngine(from) && !ArrowTable.IsEngine(to))
            return $"{from} references {to}, but the engine knows nothing of operations. Hand over what {from} needs as a value or a small interface of its own.";
        if (mayReference.Contains(from))
            return $"the arrow {to} → {from} is turned round: {from} references {to}. "
                + $"Move what {from} needs down into {from}, or let {to} hand it over through a type of {from}'s.";
        return $"{from} references {to}, an arrow that is not drawn. Do without, or draw it in Arrows/ArrowTable.cs with a record in docs/decisions/.";
    }
}
