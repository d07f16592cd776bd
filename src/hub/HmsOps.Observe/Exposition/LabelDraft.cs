using HmsOps.Series;

namespace HmsOps.Observe.Exposition;

/// <summary>The labels of one series or target while they are worked on: few, in the order they came. A label that is set to nothing is gone.</summary>
internal sealed class LabelDraft
{
    private readonly List<(string Name, string Value)> _labels = [];

    public int Count => _labels.Count;

    public IReadOnlyList<(string Name, string Value)> All => _labels;

    public void Clear() => _labels.Clear();

    /// <summary>The value of a label; empty when it is not there.</summary>
    public string Get(string name)
    {
        var at = IndexOf(name);
        return at < 0 ? "" : _labels[at].Value;
    }

    public bool Has(string name) => IndexOf(name) >= 0;

    /// <summary>Sets a label; an empty value removes it.</summary>
    public void Set(string name, string value)
    {
        var at = IndexOf(name);
        if (value.Length == 0)
        {
            if (at >= 0)
                _labels.RemoveAt(at);
        }
        else if (at >= 0)
        {
            _labels[at] = (name, value);
        }
        else
        {
            _labels.Add((name, value));
        }
    }

    public void Remove(string name) => Set(name, "");

    /// <summary>Adds a label as it was sent, even an empty one; false when it is there already.</summary>
    public bool TryAdd(string name, string value)
    {
        if (IndexOf(name) >= 0)
            return false;
        _labels.Add((name, value));
        return true;
    }

    public void RemoveAll(Predicate<string> named) => _labels.RemoveAll(label => named(label.Name));

    public void Take(LabelDraft other)
    {
        _labels.Clear();
        _labels.AddRange(other._labels);
    }

    /// <summary>The canonical label set.</summary>
    public Labels Build()
    {
        var labels = new LabelsBuilder();
        foreach (var (name, value) in _labels)
            labels.Set(name, value);
        return labels.Build();
    }

    private int IndexOf(string name)
    {
        for (var i = 0; i < _labels.Count; i++)
        {
            if (string.Equals(_labels[i].Name, name, StringComparison.Ordinal))
                return i;
        }
        return -1;
    }
}
