using Flip.Config;
using Flip.Io;
using Flip.Storage;

namespace Flip.Training;

/// <summary>
/// The folder of a run: <c>config.json</c>, <c>tokenizer/</c>, <c>metrics.jsonl</c>, <c>tensorboard/</c>, <c>checkpoints/</c>,
/// and at the end <c>model/</c>, <c>results.json</c> and <c>report.html</c>.
/// </summary>
public sealed class RunFolder(string path)
{
    /// <summary>File of what a fine-tuning reads.</summary>
    public const string InputsFile = "inputs.json";

    /// <summary>Folder of what a run began with: a fine-tuning's classifier, or the weights of a training that began with a model.</summary>
    public const string StartInRun = "start";

    /// <summary>Folder of the model whose image tower was trained with a head, with that tower.</summary>
    public const string TowerInRun = "tower";

    /// <summary>File of what a tower that does not learn makes of the training images, kept while a head is trained.</summary>
    public const string TowerTokensInRun = "tower-tokens";

    private const string Results = "results.json";
    private const string Report = "report.html";
    private const string EvaluationInRun = "evaluation";

    /// <summary>All that a run writes, removes or reads back when it goes on, besides the lock's files.</summary>
    private static readonly string[] Entries =
    [
        ModelFolder.ConfigFile, InputsFile, ModelFolder.TokenizerInRun, MetricLog.FileName, MetricLog.EventFolder,
        ModelFolder.CheckpointsInRun, ModelFolder.InRun, StartInRun, TowerInRun, EvaluationInRun, Results, Report, TowerTokensInRun,
    ];

    private static readonly string[] Folders =
    [
        ModelFolder.TokenizerInRun, MetricLog.EventFolder, ModelFolder.CheckpointsInRun, ModelFolder.InRun, StartInRun, TowerInRun, EvaluationInRun,
    ];

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public string ConfigFile => Of(ModelFolder.ConfigFile);

    public string Tokenizer => Of(ModelFolder.TokenizerInRun);

    public string Checkpoints => Of(ModelFolder.CheckpointsInRun);

    public string Model => Of(ModelFolder.InRun);

    /// <summary>What the run began with (<see cref="StartWeights"/>).</summary>
    public string Start => Of(StartInRun);

    /// <summary>The model with the trained tower (<see cref="TowerInRun"/>).</summary>
    public string Tower => Of(TowerInRun);

    /// <summary>What a tower that does not learn makes of the training images.</summary>
    public string TowerTokens => Of(TowerTokensInRun);

    public string ResultsFile => Of(Results);

    public string ReportFile => Of(Report);

    /// <summary>Results of the tests after a fine-tuning.</summary>
    public string Evaluation => Of(EvaluationInRun);

    /// <summary>Whether a training has left something that is not to be overwritten.</summary>
    public bool HasBegun => Directory.Exists(Checkpoints) || Directory.Exists(Model);

    /// <summary>A new run's folder.</summary>
    /// <exception cref="ConfigException">There is a run already: nothing is overwritten.</exception>
    /// <param name="path">Where.</param>
    /// <param name="command">The command that can continue it.</param>
    public static RunFolder Create(string path, string command = "train")
    {
        var run = new RunFolder(path);
        run.RequireNew(command);
        OutputPlace.CheckFolder(path, "--run");
        Directory.CreateDirectory(run.Path);
        return run;
    }

    /// <summary>An existing run's folder.</summary>
    /// <exception cref="ConfigException">There is no run.</exception>
    public static RunFolder Open(string path)
    {
        var run = new RunFolder(path);
        return File.Exists(run.ConfigFile) ? run
            : throw new ConfigException(FolderLock.WasTaken(run.Path)
                ? $"{run.Path} holds no run that can go on: it was stopped before its {ModelFolder.ConfigFile} was written, and nothing was learnt. Begin it again by the command that began it."
                : $"{run.Path} holds no run: it has no {ModelFolder.ConfigFile}.");
    }

    /// <summary>Takes the folder for this process until the result is disposed of. Nothing else is written to a run before.</summary>
    /// <exception cref="FolderInUseException">Another process trains in it.</exception>
    /// <exception cref="ForeignEntryException">One of a run's entries is a link, or no file; the folder itself may be a link.</exception>
    public FolderLock Lock()
    {
        var held = FolderLock.Take(Path);
        try
        {
            OwnEntries.Require(Path, Entries);
            OwnEntries.RequireKind(Path, isFolder: true, Folders);
            OwnEntries.RequireKind(Path, isFolder: false, [.. Entries.Except(Folders)]);
            OwnEntries.RequireKind(Checkpoints, isFolder: true, [.. CheckpointFolder.NamesIn(Checkpoints)]);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes the folder for a new run: what a start left that was killed is removed. <c>config.json</c> is written last of all that a run begins with, so that
    /// a folder that has it can be resumed.
    /// </summary>
    /// <param name="command">The command that can continue it.</param>
    /// <exception cref="ConfigException">Another process has begun a run in it meanwhile.</exception>
    /// <inheritdoc cref="Lock"/>
    public FolderLock LockToBegin(string command)
    {
        var held = Lock();
        try
        {
            RequireNew(command);
            File.Delete(ConfigFile);
            if (Directory.Exists(Start))
            {
                Directory.Delete(Start, recursive: true);
            }

            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>A name for a run that is given none: preset or command, and the time.</summary>
    public static string DefaultPath(string name) =>
        System.IO.Path.Combine("runs", FormattableString.Invariant($"{name}-{DateTime.Now:yyyyMMdd-HHmmss}"));

    public FlipConfig LoadConfig() => Load(ConfigReader.Parse);

    /// <summary>The settings of another task's run.</summary>
    /// <param name="parse">Reads them from a text that has a name: <see cref="RecipeFile{TConfig}.Parse"/>.</param>
    public TConfig LoadConfig<TConfig>(Func<string, string, TConfig> parse) => Load(parse);

    public void SaveConfig(FlipConfig config) => AtomicFile.WriteText(ConfigFile, ConfigWriter.ToJson(config));

    private void RequireNew(string command)
    {
        if (HasBegun)
        {
            throw new ConfigException(
                $"{Path} holds a run already: `flip {command} --resume {path}` continues it, another --run begins a new one.");
        }
    }

    private TConfig Load<TConfig>(Func<string, string, TConfig> parse)
    {
        try
        {
            return parse(JsonInput.ReadText(ConfigFile), ConfigFile);
        }
        catch (ConfigException e)
        {
            throw e.In(ConfigFile);
        }
    }

    private string Of(string name) => System.IO.Path.Combine(Path, name);
}
