using HmsOps.Bench.Blocks;
using HmsOps.Bench.Chunks;
using HmsOps.Bench.Head;
using HmsOps.Bench.Index;
using HmsOps.Bench.Ledgers;
using HmsOps.Bench.Otlp;
using HmsOps.Bench.Queries;
using HmsOps.Bench.Scrape;
using HmsOps.Bench.Wire;

// One bench, in a process of its own: bench/micro starts them.
switch (args)
{
    case ["blocks", .. var rest]: BlockBench.Run(rest); break;
    case ["chunks", .. var rest]: ChunkBenches.Run(rest); break;
    case ["chunk-rates"]: ChunkRates.Print(Console.Out); break;
    case ["head", .. var rest]: await HeadBench.RunAsync(rest); break;
    case ["index", .. var rest]: IndexBench.Run(rest); break;
    case ["ledger", .. var rest]: await LedgerBench.RunAsync(rest); break;
    case ["otlp"]: OtlpBench.Run(); break;
    case ["queries", .. var rest]: await QueryBench.RunAsync(rest); break;
    case ["scrape"]: ScrapeBench.Run(); break;
    case ["wire"]: WireBench.Run(); break;
    default:
        Console.Error.WriteLine("bench: there are blocks [PODS SAMPLES], chunks [--filter '*Packing*'], chunk-rates, head [SERIES SCRAPES], index [SERIES], ledger [SECONDS ENTRIES], otlp, queries [SERIES SCRAPES [WORD...]], scrape and wire");
        return 2;
}
return 0;
