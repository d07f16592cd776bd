using HmsOps.PromQL;
using HmsOps.Series;
using Microsoft.AspNetCore.Http;

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

    public bool Has(string name, out string text)
    {
        var values = _form is not null && _form.TryGetValue(name, out var posted) ? posted : _address[name];
        text = values.ToString();
        return values.Count > 0;
    }

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
            if (parse.Expression?.Root is not PromNode.Selector { OffsetMs: 0 } selector)
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

    /// <summary>Mistakes of an expression with their places, in one line.</summary>
    public static string Said(IEnumerable<PromError> errors) =>
        string.Join("; ", errors.Select(e => $"{e.Line}:{e.Column}: parse error: {e.Message}{(e.Suggestion is null ? "" : $"; did you mean {e.Suggestion}?")}"));
}
