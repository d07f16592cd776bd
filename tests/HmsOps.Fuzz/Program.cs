using HmsOps.Fuzz.Command;

return FuzzCommand.Run(args, Console.Out);
