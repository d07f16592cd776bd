using HmsOps.PromQL.Tests.Notation;

namespace HmsOps.Fuzz.Decoders;

/// <summary>A store too small to be slow and too odd to be right by chance: gaps, stale markers, NaN, resets, both kinds of histograms and their mixtures, bounds of their own, starts of counting.</summary>
static class HostileSeries
{
    /// <summary>Between two samples.</summary>
    public const long IntervalMs = 15_000;

    /// <summary>Of every metric a name that expressions can be made of.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["c_total", "g", "odd", "h", "hg", "own", "mix", "l_bucket", "target_info", "build_info", "begun_total", "\"a.b\"", "nothing"];

    static readonly string[] Lines =
    [
        """c_total{job="a",instance="1"} 0+7x10 3 10+5x12 _x3 80+1x9""",
        """c_total{job="a",instance="2"} 100+3x20 stale _x4 1+1x8""",
        """c_total{job="b",instance="1"} NaN 1 2 Inf 3 -Inf 4 _ 5 0 0 0 1e308 1e308 -1e308 5e-324 0""",
        """g{job="a",instance="1"} 5 -5 0 NaN 3 3 3 3 stalex2 1 Inf _x4 2+0.1x12""",
        """g{job="a",instance="2"} -3+1x34""",
        """g{job="b",instance="1"} 0.1+0.1x33""",
        """odd{job="b",instance="1",text="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"} 1e100 1 -1e100 1 1 NaN -0 0 7x20""",
        """odd{job="",instance="1",text="ü\u0000\n\"\\"} 1 _x6 2 _x6 3""",
        """h{job="a",instance="1"} {{schema:0 sum:5 count:4 buckets:[1 2 1]}}+{{schema:0 sum:2 count:4 buckets:[1 2 1]}}x12 {{schema:0 sum:1 count:1 buckets:[1]}}+{{schema:0 sum:2 count:4 buckets:[1 2 1]}}x9""",
        """h{job="a",instance="2"} {{schema:3 sum:9 count:9 z_bucket:2 z_bucket_w:0.001 buckets:[1 2 1] n_buckets:[3]}}x8 stale {{schema:-4 sum:NaN count:3 buckets:[1 1]}}x6""",
        """hg{job="a",instance="1"} {{schema:1 sum:5 count:4 buckets:[1 2 1] counter_reset_hint:gauge}}x5 {{schema:2 sum:1 count:1 offset:-5 buckets:[1] counter_reset_hint:gauge}}x5""",
        """own{job="a",instance="1"} {{schema:-53 sum:5 count:4 custom_values:[1 2 3] buckets:[1 2 1]}}+{{schema:-53 sum:1 count:2 custom_values:[1 2 3] buckets:[1 1]}}x12""",
        """own{job="a",instance="2"} {{schema:-53 sum:5 count:4 custom_values:[1 5] buckets:[1 2 1]}}x14""",
        """mix{job="a",instance="1"} 1 2 {{schema:0 sum:5 count:4 buckets:[1 2 1]}}x2 3 {{schema:-53 sum:5 count:4 custom_values:[1] buckets:[4]}}x2 stale 4 5 6""",
        """mix{job="b",instance="1"} {{schema:0 sum:5 count:4 buckets:[1 2 1]}}x3 7 8 {{schema:8 sum:5 count:4 n_buckets:[1 2 1]}}x9""",
        """l_bucket{job="a",le="0.1"} 0+1x30""",
        """l_bucket{job="a",le="1"} 0+3x30""",
        """l_bucket{job="a",le="+Inf"} 0+2x30""",
        """l_bucket{job="b",le="1e-3"} 4x20""",
        """l_bucket{job="b",le="many"} 4x20""",
        """h{job="a",instance="1",le="+Inf"} 0+2x20""",
        """target_info{job="a",instance="1",version="1"} 1x14 stale""",
        """target_info{job="a",instance="1",version="2"} _x15 1x15""",
        """build_info{job="a",instance="2",version="3"} 1x30""",
        """begun_total{job="a",instance="1"} since:0s 1+2x8 since:3m 1+2x8 since:before 1x5 since:unknown 9+1x9""",
        """{"a.b",job="a",instance="1"} 1+1x30""",
        """{job="nameless"} 4x30""",
    ];

    static readonly SeriesNotation.Line[] Read = [.. Lines.Select(line => SeriesNotation.Read(line, IntervalMs))];

    /// <summary>A store of them, which remembers what it was asked.</summary>
    public static LiteralSource Source() => new(Read);
}
