using System.CommandLine;
using Flip;
using Flip.Benchmarks;
using Flip.Benchmarks.Download;
using Flip.Benchmarks.Inference;
using Flip.Benchmarks.Load;
using Flip.Benchmarks.Loader;
using Flip.Benchmarks.Search;
using Flip.Native;
using Flip.Training;

try
{
    LibTorch.PrepareProcess();
    var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false };
    var root = new RootCommand("Flip's benchmarks.") { ConversionCommand.Create(), LoaderCommand.Create(), DownloadCommand.Create(), KernelCommand.Create(), SearchCommand.Create(), InferenceCommand.Create(), LoadCommand.Create() };
    return await root.Parse(args).InvokeAsync(configuration);
}
catch (OperationCanceledException)
{
    return 130; // as shells have it for SIGINT
}
catch (Exception e) when (e is ConfigException or LibTorchException or NonFiniteLossException or ArgumentException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
