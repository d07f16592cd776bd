using System.Reflection;

namespace HmsOps.House.Tests.Bans;

/// <summary>
/// Every public type and member of the frameworks the product is built on, by its documentation-comment id: the form BannedSymbols.txt is written
/// in, for which the analyzer looks in silence, and finds nothing when an id is misspelt.
/// </summary>
static class SymbolIndex
{
    static readonly Lazy<IReadOnlyDictionary<string, Type>> Types = new(LoadTypes);

    public static bool Resolves(string id)
    {
        if (id.Length < 3 || id[1] != ':')
            return false;
        var name = id[2..];
        if (id[0] == 'T')
            return Types.Value.ContainsKey(name);
        var parameters = name.IndexOf('(', StringComparison.Ordinal);
        var owner = name[..name.LastIndexOf('.', parameters < 0 ? name.Length - 1 : parameters)];
        return Types.Value.TryGetValue(owner, out var type) && MembersOf(type).Any(member => IdOf(member) == id);
    }

    /// <summary>Inherited members are not among them: an id names the type that declares.</summary>
    static MemberInfo[] MembersOf(Type type) =>
        type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly);

    static string IdOf(MemberInfo member)
    {
        var owner = TypeName(member.DeclaringType!);
        return member switch
        {
            ConstructorInfo constructor => $"M:{owner}.#ctor{Parameters(constructor.GetParameters())}",
            MethodInfo method => $"M:{owner}.{method.Name}{Arity(method)}{Parameters(method.GetParameters())}",
            PropertyInfo property => $"P:{owner}.{property.Name}{Parameters(property.GetIndexParameters())}",
            FieldInfo field => $"F:{owner}.{field.Name}",
            EventInfo @event => $"E:{owner}.{@event.Name}",
            _ => "",
        };
    }

    static string Arity(MethodInfo method) => method.IsGenericMethodDefinition ? $"``{method.GetGenericArguments().Length}" : "";

    static string Parameters(ParameterInfo[] parameters) =>
        parameters.Length == 0 ? "" : $"({string.Join(',', parameters.Select(parameter => ParameterName(parameter.ParameterType)))})";

    static string ParameterName(Type type)
    {
        if (type.IsByRef)
            return ParameterName(type.GetElementType()!) + "@";
        if (type.IsPointer)
            return ParameterName(type.GetElementType()!) + "*";
        if (type.IsArray)
            return ParameterName(type.GetElementType()!) + (type.GetArrayRank() == 1 ? "[]" : $"[{string.Join(',', Enumerable.Repeat("0:", type.GetArrayRank()))}]");
        if (type.IsGenericParameter)
            return (type.DeclaringMethod is null ? "`" : "``") + type.GenericParameterPosition;
        if (!type.IsGenericType)
            return TypeName(type);
        var open = TypeName(type.GetGenericTypeDefinition());
        return $"{open[..open.LastIndexOf('`')]}{{{string.Join(',', type.GetGenericArguments().Select(ParameterName))}}}";
    }

    static string TypeName(Type type) => (type.FullName ?? type.Name).Replace('+', '.');

    static Dictionary<string, Type> LoadTypes()
    {
        var types = new Dictionary<string, Type>();
        var assemblies = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => path.Contains($"{Path.DirectorySeparatorChar}shared{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
        foreach (var type in assemblies.SelectMany(path => Assembly.Load(AssemblyName.GetAssemblyName(path)).GetExportedTypes()))
            types.TryAdd(TypeName(type), type);
        return types;
    }
}
