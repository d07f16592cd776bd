namespace HmsOps.Workspace.Binding;

/// <summary>The word that was probably meant, among those that are legal in that place.</summary>
public static class Suggestions
{
    private const int ComparedMax = 64; // longer words are no slips of the finger

    /// <summary>The nearest candidate: at most two slips away, one for words of four letters or fewer; the first in order among equals; null when none is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        ArgumentNullException.ThrowIfNull(word);
        ArgumentNullException.ThrowIfNull(candidates);
        var slipsMax = word.Length <= 4 ? 1 : 2;
        if (word.Length > ComparedMax)
            return null;
        return candidates
            .Where(candidate => candidate.Length <= ComparedMax)
            .Select(candidate => (Candidate: candidate, Slips: Distance(word.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .Where(near => near.Slips <= slipsMax)
            .OrderBy(near => near.Slips).ThenBy(near => !near.Candidate.Order().SequenceEqual(word.Order())) // the same letters in another order first
            .ThenBy(near => near.Candidate, StringComparer.Ordinal)
            .Select(near => near.Candidate)
            .FirstOrDefault();
    }

    /// <summary>Damerau–Levenshtein, restricted: letters inserted, deleted, replaced, or swapped with their neighbour.</summary>
    internal static int Distance(string a, string b)
    {
        var costs = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            costs[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            costs[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = costs[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                costs[i, j] = Math.Min(replaced, 1 + Math.Min(costs[i - 1, j], costs[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    costs[i, j] = Math.Min(costs[i, j], 1 + costs[i - 2, j - 2]);
            }
        }
        return costs[a.Length, b.Length];
    }
}
