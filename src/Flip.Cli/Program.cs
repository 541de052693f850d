using Flip.Cli;

return FlipCommand.Run(args);
