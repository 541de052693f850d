using Flip.Cli;

return CommandLine.Run(args);
