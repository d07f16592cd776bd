using HmsOps.Series;

namespace HmsOps.Tsdb.Intake;

/// <summary>What became of the items of one batch, as it is read: each is accepted, known or refused. Only refusals cost anything.</summary>
internal sealed class Verdict(int items)
{
    // So that an answer to a hostile batch stays small; the index names the others.
    private const int NamedMax = 10;
    private const int NameCharsMax = 200;

    private List<RefusedSample>? _refused;
    private List<string>? _dropped;

    /// <summary>Items that enter the log.</summary>
    public int Accepted { get; private set; }

    /// <summary>Items that were stored before.</summary>
    public int Known { get; private set; }

    /// <summary>Exemplars that are kept, those kept before included.</summary>
    public int Exemplars { get; set; }

    /// <summary>Metadata that is kept, that kept before included.</summary>
    public int Metadata { get; set; }

    public AppendResult Result
    {
        get
        {
            var result = _refused is null ? AppendResult.All(Accepted + Known) : new AppendResult(Accepted + Known, _refused);
            return Exemplars + Metadata == 0 ? result : result with { ExemplarsTaken = Exemplars, MetadataTaken = Metadata };
        }
    }

    /// <summary>The next refusal names its series; after a few the index has to do.</summary>
    public bool IsNaming => _refused is null || _refused.Count < NamedMax;

    /// <summary>Why exemplars and metadata of the batch were not taken; they are no items of it.</summary>
    public IReadOnlyList<string> Dropped => _dropped ?? (IReadOnlyList<string>)[];

    public void Accept() => Accepted++;

    public void Drop(Refusal refusal) => (_dropped ??= []).Add(refusal.Reason);

    public void Recognise() => Known++;

    public void Refuse(int index, Refusal refusal, Labels series)
    {
        _refused ??= [];
        _refused.Add(new RefusedSample(
            index, refusal.Reason, IsNaming ? $"{Shown(series)}: {refusal.Sentence}" : refusal.Sentence));
    }

    /// <summary>Refuses all that was not refused for its own sake: it could not be written.</summary>
    public void RefuseRest(Refusal refusal)
    {
        var own = new Queue<RefusedSample>(_refused ?? []);
        var all = new List<RefusedSample>(items);
        for (var index = 0; index < items; index++)
        {
            var isOwn = own.TryPeek(out var refused) && refused.Index == index;
            all.Add(isOwn ? own.Dequeue() : new RefusedSample(index, refusal.Reason, refusal.Sentence));
        }
        _refused = all;
        (Accepted, Known, Exemplars, Metadata) = (0, 0, 0, 0);
    }

    private static string Shown(Labels series)
    {
        var text = series.Bytes.Length <= NameCharsMax ? series.ToString() : series.Name;
        return text.Length <= NameCharsMax ? text : text[..NameCharsMax] + "…";
    }
}
