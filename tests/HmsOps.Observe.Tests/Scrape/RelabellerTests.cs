using HmsOps.Observe.Exposition;
using HmsOps.Observe.Scrape.Relabelling;

namespace HmsOps.Observe.Tests.Scrape;

public sealed class RelabellerTests
{
    // Cases of Prometheus' own table (model/relabel), in its words.
    [Theory]
    [InlineData("{source_labels: [a], regex: 'f(.*)', target_label: d, separator: ';', replacement: 'ch${1}-ch${1}'}", "a=foo b=bar c=baz", "a=foo b=bar c=baz d=choo-choo")]
    [InlineData("{source_labels: [a, b], regex: 'f(.*);(.*)r', target_label: a, replacement: 'b${1}${2}m'}", "a=foo b=bar c=baz", "a=boobam b=bar c=baz")]
    [InlineData("{source_labels: [c, a], regex: '(b).*b(.*)ba(.*)', target_label: d, replacement: '$1$2$2$3'}", "a=boobam b=bar c=baz", "a=boobam b=bar c=baz d=boooom")]
    [InlineData("{source_labels: [a], regex: '.*o.*', action: drop}", "a=foo", null)]
    [InlineData("{source_labels: [a], regex: 'no-match', action: drop}", "a=abc", "a=abc")]
    [InlineData("{source_labels: [a], regex: 'f|o', action: drop}", "a=foo", "a=foo")]
    [InlineData("{source_labels: [a], regex: 'no-match', action: keep}", "a=foo", null)]
    [InlineData("{source_labels: [a], regex: 'f.*', action: keep}", "a=foo", "a=foo")]
    [InlineData("{source_labels: [a], regex: '.*b.*', target_label: d, action: replace}", "a=boo", "a=boo d=")]
    [InlineData("{source_labels: [a], regex: f, target_label: b, replacement: bar}", "a=boo", "a=boo")]
    [InlineData("{source_labels: [a], regex: '(f).*', target_label: '${1}', replacement: x}", "a=foo", "a=foo f=x")]
    [InlineData("{source_labels: [a], regex: '(.*)', target_label: '${1}', replacement: x}", "a=foo-bar", "a=foo-bar")]
    [InlineData("{source_labels: [a], target_label: a, replacement: ''}", "a=foo b=1", "b=1")]
    [InlineData("{source_labels: [c], target_label: d, action: hashmod, modulus: 1000}", "a=foo b=bar c=baz", "a=foo b=bar c=baz d=976")]
    [InlineData("{source_labels: [a], target_label: d, action: hashmod, modulus: 1000}", "a=\"foo\\nbar\"", "a=\"foo\\nbar\" d=734")]
    [InlineData("{action: labelmap, regex: '(b.*)', replacement: 'bar_${1}'}", "a=foo b1=bar b2=baz", "a=foo b1=bar b2=baz bar_b1=bar bar_b2=baz")]
    [InlineData("{action: labelmap, regex: '__meta_(my.*)', replacement: '${1}'}", "a=foo __meta_my_bar=aaa", "__meta_my_bar=aaa a=foo my_bar=aaa")]
    [InlineData("{action: labeldrop, regex: '(b.*)'}", "a=foo b1=bar b2=baz", "a=foo")]
    [InlineData("{action: labelkeep, regex: '(b.*)'}", "a=foo b1=bar b2=baz", "b1=bar b2=baz")]
    [InlineData("{source_labels: [foo], action: uppercase, target_label: up}", "foo=bAr123Foo", "foo=bAr123Foo up=BAR123FOO")]
    [InlineData("{source_labels: [foo], action: lowercase, target_label: low}", "foo=bAr123Foo", "foo=bAr123Foo low=bar123foo")]
    [InlineData("{source_labels: [tmp], action: keepequal, target_label: port}", "tmp=1234 port=1234", "port=1234 tmp=1234")]
    [InlineData("{source_labels: [tmp], action: keepequal, target_label: port}", "tmp=1234 port=5678", null)]
    [InlineData("{source_labels: [tmp], action: dropequal, target_label: port}", "tmp=1234 port=1234", null)]
    [InlineData("{source_labels: [tmp], action: dropequal, target_label: port}", "tmp=1234 port=5678", "port=5678 tmp=1234")]
    [InlineData("{source_labels: [a], regex: '(?P<name>f)(.*)', target_label: d, replacement: '$name-$2-$$-$'}", "a=foo", "a=foo d=f-oo-$-$")]
    [InlineData("{source_labels: [a], regex: '(f)(.*)', target_label: d, replacement: '$1x'}", "a=foo", "a=foo d=")]
    [InlineData("{source_labels: [a], regex: '[[:alpha:]]+[^\\d]', action: keep}", "a=foo", "a=foo")]
    [InlineData("{source_labels: [a], regex: '\\Qa.b\\E', action: keep}", "a=axb", null)]
    [InlineData("{source_labels: [a], regex: '\\w+', action: keep}", "a=ä", null)]
    [InlineData("{source_labels: [a], regex: '[a-z-[aeiou]]', action: keep}", "a=\"b]\"", "a=\"b]\"")]
    public void A_step_does_what_Prometheus_does(string step, string labels, string? left)
    {
        var set = Assert.Single(ScrapeWorld.SetsOf($"scrape_configs: [{{job_name: a, metric_relabel_configs: [{step}]}}]", "imports/prometheus.yml"));
        var draft = new LabelDraft();
        foreach (var pair in labels.Split(' ').Select(label => label.Split('=', 2)))
            draft.Set(pair[0], pair[1].Trim('"').Replace("\\n", "\n"));
        var keeps = Relabeller.Keeps(draft, set.MetricRelabel);
        var expected = left is null ? null : string.Join(' ', left.Split(' ').Where(label => !label.EndsWith('=')).Order(StringComparer.Ordinal));
        Assert.Equal(expected, keeps ? string.Join(' ', draft.All.Select(label => $"{label.Name}={(label.Value.AsSpan().ContainsAny("\n]") ? $"\"{label.Value.Replace("\n", "\\n")}\"" : label.Value)}").Order(StringComparer.Ordinal)) : null);
    }
}
