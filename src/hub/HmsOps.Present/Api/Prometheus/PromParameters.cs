using System.Globalization;
using HmsOps.PromQL;
using HmsOps.Series;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace HmsOps.Present.Api.Prometheus;

/// <summary>What was asked, in the address or in a posted form. What the form says counts before the address; a parameter that may repeat is read from both.</summary>
internal sealed class PromParameters
{
    private readonly IQueryCollection _address;
    private readonly IFormCollection? _form;

    private PromParameters(IQueryCollection address, IFormCollection? form) => (_address, _form) = (address, form);

    public static async Task<PromParameters> ReadAsync(HttpRequest request, CancellationToken cancellationToken) =>
        new(request.Query, request.HasFormContentType ? await request.ReadFormAsync(cancellationToken) : null);

    /// <summary>The value of a parameter; empty when it is not there.</summary>
    public string this[string name] => Has(name, out var text) ? text : "";

    /// <summary>The value of a parameter, the first where it stands there several times. One without a value is as good as none, as clients send it that have nothing to say.</summary>
    public bool Has(string name, out string text)
    {
        text = Values(name) is [{ } first, ..] ? first : "";
        return text.Length > 0;
    }

    /// <summary>True where a parameter is there and has no value. Whoever orders something may have forgotten it.</summary>
    public bool IsEmpty(string name) => Values(name) is [null or "", ..];

    /// <summary>All values of a parameter that may repeat.</summary>
    public IEnumerable<string> All(string name)
    {
        foreach (var value in _address[name])
            yield return value ?? "";
        if (_form is null)
            yield break;
        foreach (var value in _form[name])
            yield return value ?? "";
    }

    /// <summary>The selectors of <c>match[]</c>; null, and why, when one cannot be read.</summary>
    public IReadOnlyList<IReadOnlyList<Matcher>>? Selectors(out PromRefusal? refused)
    {
        refused = null;
        var selectors = new List<IReadOnlyList<Matcher>>();
        foreach (var text in All("match[]"))
        {
            var parse = PromParser.Parse(text);
            if (parse.Expression?.Root is not PromNode.Selector { OffsetMs: 0, OffsetBy: null, Moment: null, Edges: PromEdges.Plain } selector)
            {
                refused = PromRefusal.Bad("match[]", parse.Expression is null
                    ? Said(parse.Errors)
                    : $"1:1: parse error: expected a selector such as up{{job=\"node\"}}, found {PromRefusal.Quoted(text)}");
                return null;
            }
            selectors.Add(selector.Matchers);
        }
        return selectors;
    }

    /// <summary>An expression; why not, when it cannot be read.</summary>
    public PromRefusal? Expression(string name, out PromExpression expression)
    {
        var parse = PromParser.Parse(this[name]);
        expression = parse.Expression!; // only read when there is no refusal, and then it is there
        return parse.Expression is null ? PromRefusal.Bad(name, Said(parse.Errors)) : null;
    }

    /// <summary>A range of times by <c>start</c> and <c>end</c>, all times where they are not said.</summary>
    public PromRefusal? Range(out long from, out long to)
    {
        (from, to) = (-PromTime.FarthestMs, PromTime.FarthestMs);
        if (Has("start", out var start) && !PromTime.TryReadTime(start, out from))
            return PromRefusal.Bad("start", PromTime.NoTime(start));
        if (Has("end", out var end) && !PromTime.TryReadTime(end, out to))
            return PromRefusal.Bad("end", PromTime.NoTime(end));
        return to < from ? PromRefusal.Bad("end", "end timestamp must not be before start time") : null;
    }

    /// <summary>How many items are wanted at most; 0 and nothing at all mean as many as there may be.</summary>
    public PromRefusal? Limit(int most, out int limit)
    {
        limit = most;
        if (!Has("limit", out var text))
            return null;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted))
            return PromRefusal.Bad("limit", $"cannot parse {PromRefusal.Quoted(text)} to a number of items, 0 or more");
        limit = wanted == 0 ? most : Math.Min(wanted, most);
        return null;
    }

    /// <summary>Mistakes of an expression with their places, in one line.</summary>
    public static string Said(IEnumerable<PromError> errors) =>
        string.Join("; ", errors.Select(e => $"{e.Line}:{e.Column}: parse error: {e.Message}{(e.Suggestion is null ? "" : $"; did you mean {e.Suggestion}?")}"));

    private StringValues Values(string name) => _form is not null && _form.TryGetValue(name, out var posted) ? posted : _address[name];
}
