namespace HmsOps.App.Verbs;

/// <summary>What the program's exit codes mean, the same for every verb.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>The answer is no: a check failed, a ledger is damaged, the hub could not start or go on.</summary>
    public const int No = 1;

    /// <summary>Wrong usage or configuration.</summary>
    public const int Usage = 2;

    /// <summary>Refused by a guard, or for safety.</summary>
    public const int Refused = 3;

    /// <summary>The hub could not be reached.</summary>
    public const int Unreachable = 4;
}
