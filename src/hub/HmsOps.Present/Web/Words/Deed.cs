namespace HmsOps.Present.Web.Words;

/// <summary>An action as people say it: <c>ROLLBACK:DOCKET_RULE</c> is to roll back the docket rule.</summary>
public readonly record struct Deed(string Infinitive, string Past, string Noun)
{
    /// <summary>Reads an action as the workspace writes it.</summary>
    public static Deed Of(string action)
    {
        var colon = action.IndexOf(':', StringComparison.Ordinal);
        var verb = colon < 0 ? "" : action[..colon];
        var thing = (colon < 0 ? action : action[(colon + 1)..]).Trim();
        var words = thing.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c is '_' or '-')
            ? thing.Replace('_', ' ').ToLowerInvariant()
            : thing;
        return verb.ToUpperInvariant() switch
        {
            "ROLLBACK" => new($"roll back the {words}", $"rolled back the {words}", $"rollback of the {words}"),
            "RESTART" => new($"restart {words}", $"restarted {words}", $"restart of {words}"),
            _ => new($"run {action}", $"ran {action}", action),
        };
    }

    /// <summary>What an act is called: by the action its plan was titled with.</summary>
    public static Deed Of(RecordedAct act) => Of(act.Title);
}
