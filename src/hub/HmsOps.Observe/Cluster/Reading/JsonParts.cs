using System.Globalization;
using System.Text;
using System.Text.Json;
using HmsOps.Observe.History;
using HmsOps.Observe.RemoteRead;
using HmsOps.Series;

namespace HmsOps.Observe.Cluster.Reading;

/// <summary>
/// An answer of <c>/api/v1/query</c> or <c>/api/v1/query_range</c> in JSON, taken apart as it arrives. A vector is a matrix whose series have one sample, a scalar one series without labels. Native
/// histograms are seen and left out: what JSON shows of one is its buckets in words.
/// </summary>
/// <param name="body">The answer.</param>
/// <param name="name">What it answers, for messages.</param>
/// <param name="from">First millisecond that is wanted.</param>
/// <param name="to">Last millisecond that is wanted.</param>
/// <param name="damage">Where what is left out is named.</param>
/// <param name="nanIsStale">The store keeps no NaN but the marker of a series' end.</param>
internal sealed class JsonParts(Stream body, string name, long from, long to, HistoryDamage damage, bool nanIsStale)
    : AnswerParts(body, name, from, to, damage), ITokenTaker
{
    // No bound of the whole: samples are counted as they are handed on, and of the text nothing is kept.
    private const long BytesMax = long.MaxValue;
    private const int LabelsMax = 1_000;
    private const int LabelBytesMax = 1 << 20;
    private const int TextsMax = 100;

    private readonly JsonTokens _tokens = new(body, BytesMax);
    private readonly LabelsBuilder _labels = new();
    private readonly List<string> _warnings = [];
    private readonly List<string> _infos = [];
    private List<string>? _texts; // the list that is being read
    private Place _place;
    private Place _after; // where a pair, or what is passed over, returns to
    private Field _field;
    private int _skipDepth;
    private int _labelCount;
    private int _labelBytes;
    private byte[] _labelName = [];
    private bool _hasLabels;
    private long? _time;
    private double? _value;
    private bool _isOver;
    private bool _hasResult;
    private bool _isRefused;

    /// <summary><c>matrix</c>, <c>vector</c>, <c>scalar</c> or <c>string</c>; empty before it came.</summary>
    public string ResultType { get; private set; } = "";

    /// <summary>What the store says about its answer. Whole once all has been taken.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    public IReadOnlyList<string> Infos => _infos;

    /// <summary>The store says that a part of it did not answer.</summary>
    public bool IsPartial { get; private set; }

    /// <summary>There were native histograms, which are left out.</summary>
    public bool HasHistograms { get; private set; }

    protected override async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!_isOver && !await _tokens.FeedAsync(this, cancellationToken))
                End();
        }
        catch (JsonDamagedException e)
        {
            throw Damaged(e.At, e.Message);
        }
        return Batch.Count > 0 || !_isOver;
    }

    public override void Dispose()
    {
        _tokens.Dispose();
        base.Dispose();
    }

    public bool Take(ref Utf8JsonReader token)
    {
        switch (_place)
        {
            case Place.Before:
                Expect(JsonTokenType.StartObject, token.TokenType);
                _place = Place.Top;
                break;
            case Place.Top or Place.Data or Place.Series:
                TakeField(ref token);
                break;
            case Place.Result:
                TakeOfResult(ref token);
                break;
            case Place.Metric:
                TakeLabel(ref token);
                break;
            case Place.Values:
                if (token.TokenType == JsonTokenType.EndArray)
                    _place = Place.Series;
                else
                    BeginPair(token.TokenType, Place.Values);
                break;
            case Place.Pair:
                TakeOfPair(ref token);
                break;
            case Place.Texts:
                if (token.TokenType == JsonTokenType.EndArray)
                    _place = Place.Top;
                else if (token.TokenType == JsonTokenType.String && _texts!.Count < TextsMax) // set on the way here
                    _texts.Add(token.GetString() ?? "");
                break;
            case Place.Passed:
                if (token.CurrentDepth == _skipDepth && token.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
                    _place = _after;
                break;
        }
        return Batch.Count < BatchSamples;
    }

    private void End()
    {
        _isOver = true;
        if (_isRefused || !_hasResult || _place != Place.After)
            throw Damaged(0, "it holds no data: {\"status\":\"success\",\"data\":{…}} was expected");
    }

    private void TakeField(ref Utf8JsonReader token)
    {
        switch (token.TokenType)
        {
            case JsonTokenType.PropertyName:
                _field = FieldOf(ref token);
                break;
            case JsonTokenType.EndObject:
                _place = _place switch { Place.Top => Place.After, Place.Data => Place.Top, _ => EndSeries() };
                break;
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                Enter(ref token);
                break;
            case JsonTokenType.String when _field == Field.ResultType:
                ResultType = token.GetString() ?? "";
                break;
            case JsonTokenType.String when _field == Field.Status:
                _isRefused = !token.ValueTextEquals("success"u8);
                break;
            case JsonTokenType.True when _field == Field.IsPartial:
                IsPartial = true;
                break;
        }
    }

    private Field FieldOf(ref Utf8JsonReader token) => _place switch
    {
        Place.Top => token.ValueTextEquals("data"u8) ? Field.Data
            : token.ValueTextEquals("warnings"u8) ? Field.Warnings
            : token.ValueTextEquals("infos"u8) ? Field.Infos
            : token.ValueTextEquals("status"u8) ? Field.Status
            : token.ValueTextEquals("isPartial"u8) ? Field.IsPartial
            : Field.Other,
        Place.Data => token.ValueTextEquals("resultType"u8) ? Field.ResultType : token.ValueTextEquals("result"u8) ? Field.Result : Field.Other,
        _ => token.ValueTextEquals("metric"u8) ? Field.Metric
            : token.ValueTextEquals("values"u8) ? Field.Values
            : token.ValueTextEquals("value"u8) ? Field.Value
            : token.ValueTextEquals("histogram"u8) || token.ValueTextEquals("histograms"u8) ? Field.Histograms
            : Field.Other,
    };

    private void Enter(ref Utf8JsonReader token)
    {
        var isObject = token.TokenType == JsonTokenType.StartObject;
        switch (_field)
        {
            case Field.Data when isObject:
                _place = Place.Data;
                break;
            case Field.Result when !isObject:
                (_place, _hasResult) = (Place.Result, true);
                break;
            case Field.Warnings or Field.Infos when !isObject:
                (_place, _texts) = (Place.Texts, _field == Field.Warnings ? _warnings : _infos);
                break;
            case Field.Metric when isObject:
                _labels.Clear();
                (_place, _labelCount, _labelBytes) = (Place.Metric, 0, 0);
                break;
            case Field.Values when !isObject:
                _place = Place.Values;
                break;
            case Field.Value when !isObject:
                BeginPair(token.TokenType, Place.Series);
                break;
            default:
                HasHistograms |= _field == Field.Histograms;
                (_after, _place, _skipDepth) = (_place, Place.Passed, token.CurrentDepth);
                break;
        }
    }

    private void TakeOfResult(ref Utf8JsonReader token)
    {
        switch (token.TokenType)
        {
            case JsonTokenType.StartObject:
                (_place, _hasLabels) = (Place.Series, false);
                break;
            case JsonTokenType.Number: // a scalar, or a text: the result is one pair
                BeginSeries(Labels.Empty);
                _hasLabels = true;
                (_place, _after, _time, _value) = (Place.Pair, Place.Data, null, null);
                TakeOfPair(ref token);
                break;
            case JsonTokenType.EndArray:
                _place = Place.Data;
                break;
            default:
                throw new FormatException($"a series was expected, and {token.TokenType} came");
        }
    }

    private void TakeLabel(ref Utf8JsonReader token)
    {
        switch (token.TokenType)
        {
            case JsonTokenType.PropertyName:
                _labelName = Bytes(ref token);
                break;
            case JsonTokenType.String when _labelName.Length > 0:
                var value = Bytes(ref token);
                _labelBytes += _labelName.Length + value.Length;
                if (++_labelCount > LabelsMax || _labelBytes > LabelBytesMax)
                    throw new FormatException($"a series has more than {LabelsMax:n0} labels, or {LabelBytesMax:n0} bytes of them");
                _labels.Set(_labelName, value);
                break;
            case JsonTokenType.EndObject:
                BeginSeries(_labels.Build());
                (_place, _hasLabels) = (Place.Series, true);
                break;
            default:
                throw new FormatException("a label is no text, or has no name");
        }
    }

    private void BeginPair(JsonTokenType type, Place after)
    {
        Expect(JsonTokenType.StartArray, type);
        if (!_hasLabels)
            throw new FormatException("samples come before the labels of their series");
        (_place, _after, _time, _value) = (Place.Pair, after, null, null);
    }

    private void TakeOfPair(ref Utf8JsonReader token)
    {
        switch (token.TokenType)
        {
            case JsonTokenType.Number when _time is null:
                _time = (long)Math.Round(token.GetDouble() * 1_000);
                break;
            case JsonTokenType.String when _time is not null && _value is null:
                _value = ResultType == "string" ? 0 : Number(ref token);
                break;
            case JsonTokenType.EndArray when _time is { } time && _value is { } value:
                Take(time, double.IsNaN(value) && nanIsStale ? StaleMarker.Value : value);
                _place = _after;
                break;
            default:
                throw new FormatException("a sample is no pair of a time and a number in quotes");
        }
    }

    private Place EndSeries() => _hasLabels ? Place.Result : throw new FormatException("a series has no labels");

    private void BeginSeries(Labels labels)
    {
        SetKey(labels.Bytes);
        EndLabels(isNew: true);
    }

    private static double Number(ref Utf8JsonReader token)
    {
        if (!token.HasValueSequence && double.TryParse(token.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return number;
        return Encoding.UTF8.GetString(Bytes(ref token)) switch
        {
            "+Inf" or "Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            var text => throw new FormatException($"\"{(text.Length > 40 ? text[..40] + "…" : text)}\" is no number"),
        };
    }

    private static byte[] Bytes(ref Utf8JsonReader token)
    {
        if (!token.ValueIsEscaped)
            return token.ValueSpan.ToArray();
        var bytes = new byte[token.ValueSpan.Length];
        return bytes[..token.CopyString(bytes)];
    }

    private static void Expect(JsonTokenType expected, JsonTokenType found)
    {
        if (found != expected)
            throw new FormatException($"{expected} was expected, and {found} came");
    }

    // Before → Top ⇄ Data ⇄ Result ⇄ Series ⇄ Metric, Values ⇄ Pair; Top → After.
    private enum Place
    {
        Before,
        Top,
        Data,
        Result,
        Series,
        Metric,
        Values,
        Pair,
        Texts,
        Passed,
        After,
    }

    private enum Field
    {
        Other,
        Data,
        Warnings,
        Infos,
        Status,
        IsPartial,
        ResultType,
        Result,
        Metric,
        Values,
        Value,
        Histograms,
    }
}
