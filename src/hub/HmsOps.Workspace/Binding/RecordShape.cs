namespace HmsOps.Workspace.Binding;

/// <summary>The table of one kind of record: its keys, and the keys other versions have, which are refused by name.</summary>
/// <param name="Name">With its article, as messages say it: <c>a metric rule</c>.</param>
/// <param name="Keys">In the order they are explained.</param>
public sealed record RecordShape(string Name, IReadOnlyList<Key> Keys)
{
    /// <summary>Keys that mean something in HMS-OPS and nothing in this version.</summary>
    public IReadOnlyList<string> NotInThisVersion { get; init; } = [];

    /// <summary>The key of a name, given in snake_case; null when there is none.</summary>
    public Key? Find(string name) => Keys.FirstOrDefault(key => key.Name == name);
}
