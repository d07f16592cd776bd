using System.Security.Cryptography;
using System.Text;

namespace HmsOps.LedgerVerifier.Folders;

/// <summary>Verifies a ledger's folder from its first entry to its last: name, segments in a row, and what else lies there.</summary>
internal sealed class FolderCheck(ILedgerFolder folder)
{
    private readonly LogSoFar _log = new();
    private readonly List<string> _notes = ["Unsigned: signatures are not in this version, so nothing here shows that whole entries at the end were not removed."];
    private string _origin = "";

    public VerifyReport Run()
    {
        var names = folder.List();
        var segments = names.Where(FolderNames.IsSegment).ToList();
        if (segments.Count == 0 && !names.Contains(FolderNames.Origin))
            throw new DirectoryNotFoundException("The folder holds no ledger: there is neither 'origin' nor a segment in 'log'. Give the folder that holds both.");

        var unsupported = names.Select(FolderNames.Unsupported).OfType<string>().ToList();
        if (unsupported.Count > 0)
            return Unsupported(unsupported);
        if (OriginDamage(names) is { } damage)
            return Report(VerifyReport.Damaged, damage);
        foreach (var name in names.Where(FolderNames.IsSetAside))
            _notes.Add($"{name} keeps the bytes of a tail that was never acknowledged; recovery set it aside.");
        return CheckSegments(segments);
    }

    private VerifyReport CheckSegments(List<string> segments)
    {
        var originHash = SHA256.HashData(Encoding.UTF8.GetBytes(_origin))[..Layout.OriginBytes];
        for (var i = 0; i < segments.Count; i++)
        {
            var check = new SegmentCheck(folder, segments[i], expectedNumber: i, isLast: i == segments.Count - 1, originHash, _log);
            var damage = check.Run();
            if (check.Note is { } note)
                _notes.Add(note);
            if (check.Unsupported is { } unsupported)
                return Unsupported([unsupported]);
            if (damage is not null)
                return Report(VerifyReport.Damaged, damage);
        }
        return Report(VerifyReport.Good, damage: null);
    }

    private Damage? OriginDamage(IReadOnlyList<string> names)
    {
        if (!names.Contains(FolderNames.Origin))
            return new Damage(FolderNames.Origin, 0, 0, "the file with the log's name is missing");
        var line = Encoding.UTF8.GetString(folder.Read(FolderNames.Origin));
        if (line.Length < 2 || line.IndexOf('\n', StringComparison.Ordinal) != line.Length - 1)
            return new Damage(FolderNames.Origin, 0, 0, "the file is not one line with the log's name");
        _origin = line[..^1];
        return null;
    }

    private VerifyReport Unsupported(List<string> what)
    {
        _notes.AddRange(what);
        return Report(VerifyReport.Unsupported, damage: null);
    }

    private VerifyReport Report(string word, Damage? damage) => new()
    {
        Word = word,
        Origin = _origin,
        Entries = _log.Tree.Size,
        Root = Convert.ToHexStringLower(_log.Tree.Root()),
        Damage = damage,
        Notes = _notes,
    };
}
