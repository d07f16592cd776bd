using System.Text.Json;
using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>An answer whose data is a list: of texts, or of label sets. What else is in it is passed over.</summary>
internal sealed class JsonList : ITokenTaker
{
    private readonly LabelsBuilder _labels = new();
    private string _name = "";
    private bool _isData;
    private bool _isInData;

    public List<string> Texts { get; } = [];

    public List<Labels> Series { get; } = [];

    /// <summary>The list was there, and came to its end.</summary>
    public bool IsWhole { get; private set; }

    public bool Take(ref Utf8JsonReader token)
    {
        // { "data": [ "text", … ] } or { "data": [ { "name": "value", … }, … ] }: depths 0, 1, 2, 3.
        switch (token.CurrentDepth, token.TokenType)
        {
            case (1, JsonTokenType.PropertyName):
                _isData = token.ValueTextEquals("data"u8);
                break;
            case (1, JsonTokenType.StartArray):
                _isInData = _isData;
                break;
            case (1, JsonTokenType.EndArray):
                IsWhole |= _isInData;
                _isInData = false;
                break;
            case (2, JsonTokenType.String) when _isInData:
                Texts.Add(token.GetString() ?? "");
                break;
            case (2, JsonTokenType.StartObject) when _isInData:
                _labels.Clear();
                break;
            case (3, JsonTokenType.PropertyName) when _isInData:
                _name = token.GetString() ?? "";
                break;
            case (3, JsonTokenType.String) when _isInData && _name.Length > 0:
                _labels.Set(_name, token.GetString() ?? "");
                break;
            case (2, JsonTokenType.EndObject) when _isInData:
                Series.Add(_labels.Build());
                break;
        }
        return true;
    }
}
