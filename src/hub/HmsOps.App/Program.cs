using HmsOps.App.Verbs;

return await CommandLine.RunAsync(args);
