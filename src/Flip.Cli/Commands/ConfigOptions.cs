using System.CommandLine;
using Flip.Config;
using Flip.Conversion;

namespace Flip.Cli.Commands;

/// <summary>The options by which a command takes settings.</summary>
/// <param name="kind">Which ones: <see cref="Train"/>, <see cref="Tune"/>, <see cref="Bench"/>, <see cref="Eval"/>, <see cref="Use"/>, <see cref="Embed"/>, <see cref="Serve"/> or <see cref="Convert"/>.</param>
internal sealed class ConfigOptions(ConfigOptions.Kind kind)
{
    private static readonly Dictionary<string, WeightFormat> Others = new() { ["open_clip"] = WeightFormat.OpenClip, ["hf"] = WeightFormat.HuggingFace };

    private static readonly Shortcut BatchSize = new("--batch-size", "eval.batchSize", "Images or texts encoded at a time (default: 64, on a GPU what its memory holds).");
    private static readonly Shortcut MaskSeed = new("--seed", "train.seed", "Seed of the masks of --mask.");
    private static readonly Shortcut Precision = new("--precision", "train.precision", "Number format of the towers: auto, fp32 or bf16.");
    private static readonly Shortcut Runtime = new("--runtime", "eval.runtime", "What embeds whole images: libtorch, onnx (ONNX Runtime, fp32 on the processor), or auto, which takes onnx where towers compute in fp32 on the processor.");
    private static readonly Shortcut Device = new("--device", "train.device", "auto, cpu, cuda or cuda:N.");

    private static readonly Shortcut[] Training =
    [
        new("--data", "data.train", "Training shards: folder, glob or brace pattern."),
        new("--on", "eval.on", "Data sets to measure on: NAME=PATH, your own labelled images, captions=PATH for captioned ones (see flip eval).") { IsList = true },
        new("--classes", "data.classNames", "Class names of samples with .cls files: captions in training, classes in evaluation (there eval.classes goes first)."),
        new("--templates", "eval.templates", "Prompts of zero-shot classification: flip7, clip80, or a file with one a line, {c} for the name."),
        new("--samples", "train.samples", "Length: samples, or \"30 epochs\", \"1000 steps\"."),
        new("--batch-size", "train.batchSize", "Pairs in a step's contrast."),
        new("--seed", "train.seed", "Seed of weights, order, crops, captions and masks."),
        Device,
    ];

    private readonly Option<string?> _preset = new("--preset", "-p") { Description = "Named recipe; `flip config --presets` lists them." };

    private readonly Option<string?> _for = new("--for")
    {
        Description = "Library that is to open the model, open_clip or hf: the preset's sister with CLIP's towers, such as flip-b16-openclip.",
    };

    private readonly Option<FileInfo?> _file = new("--config", "-c") { Description = "JSON file with settings that differ from the preset." };

    private readonly Option<string[]> _sets = SetOption();

    private readonly (Shortcut Shortcut, Option Option)[] _shortcuts = [.. kind.Shortcuts.Select(shortcut => (shortcut, shortcut.Create()))];

    /// <summary>Settings of a training that begins with a preset.</summary>
    public static Kind Train { get; } = new(
        FromPreset: true,
        [.. Training, new("--vocab", "data.vocabulary", "Vocabulary file or folder; by default it is learnt from the captions.")],
        ForOthers: true);

    /// <summary>Settings of a training that begins with a model, its configuration and its vocabulary.</summary>
    public static Kind Tune { get; } = new(FromPreset: false, Training);

    /// <summary>Settings of a step that is timed.</summary>
    public static Kind Bench { get; } = new(
        FromPreset: true,
        [
            new("--data", "data.train", "Shards to read, with captions of their real lengths; by default random pixels and full-length texts."),
            new("--vocab", "data.vocabulary", "Vocabulary file or folder; by default it is learnt from the captions."),
            new("--batch", "train.batchSize", "Pairs in a step (default: the preset's, at most 256)."),
            new("--micro-batch", "train.microBatch", "Pairs computed at a time (GradCache)."),
            new("--precision", "train.precision", "auto, fp32 or bf16."),
            new("--threads", "train.threads", "Compute threads."),
            Device,
        ]);

    /// <summary>Settings of an evaluation.</summary>
    public static Kind Eval { get; } = new(
        FromPreset: false,
        [
            BatchSize,
            MaskSeed,
            Device,
        ]);

    /// <summary>Settings of a model in use.</summary>
    public static Kind Use { get; } = new(
        FromPreset: false,
        [BatchSize, MaskSeed, Precision, Device]);

    /// <summary>Settings of a model that embeds many images.</summary>
    public static Kind Embed { get; } = Use with { Shortcuts = [.. Use.Shortcuts, Runtime] };

    /// <summary>Settings of a model that is served.</summary>
    public static Kind Serve { get; } = new(
        FromPreset: false,
        [
            new("--batch", "eval.batchSize", "Images or texts computed at a time (default: 64, on a GPU what its memory holds)."),
            Precision,
            Runtime,
            new("--threads", "train.threads", "Compute threads (default: all processors)."),
            Device,
        ]);

    /// <summary>Settings of a conversion: what the files may not tell.</summary>
    public static Kind Convert { get; } = new(
        FromPreset: false, [new("--vocab", "data.vocabulary", "Vocabulary file or folder, where the model has none.")]);

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        if (kind.FromPreset)
        {
            command.Add(_preset);
            command.Add(_file);
        }

        if (kind.ForOthers)
        {
            _for.AcceptOnlyFromAmong([.. Others.Keys]);
            command.Add(_for);
        }

        foreach (var (_, option) in _shortcuts)
        {
            command.Add(option);
        }

        command.Add(_sets);
    }

    /// <summary>The preset or file that a new run would start from, or null.</summary>
    public string? Start(ParseResult result) => result.GetValue(_preset) ?? result.GetValue(_file)?.Name ?? (ForOther(result) is { } library ? "--for " + library : null);

    /// <summary>The configuration that the options describe, where it begins with a preset.</summary>
    /// <exception cref="ConfigException">A setting is wrong, or a library that is named cannot open such a model.</exception>
    public FlipConfig Resolve(ParseResult result)
    {
        var preset = result.GetValue(_preset);
        if (ForOther(result) is not { } library)
        {
            return ConfigReader.Resolve(preset, result.GetValue(_file)?.FullName, Sets(result));
        }

        preset = preset is null ? throw new ConfigException("--for goes with --preset, whose sister it takes.") : Presets.ForOthers(preset).Name;
        var config = ConfigReader.Resolve(preset, result.GetValue(_file)?.FullName, Sets(result));
        ModelWriter.CheckOpens(config, Others[library]);
        return config;
    }

    /// <summary>Settings given one by one, the shortcuts first, as <c>key=value</c>.</summary>
    public IReadOnlyList<string> Sets(ParseResult result) =>
    [
        .. _shortcuts.Select(shortcut => shortcut.Shortcut.Set(result, shortcut.Option)).OfType<string>(),
        .. result.GetValue(_sets) ?? [],
    ];

    /// <summary>Whether a setting is given by an option of its own or by <c>--set</c>.</summary>
    public bool IsGiven(ParseResult result, string key) => Sets(result).Any(set => set.StartsWith(key + "=", StringComparison.Ordinal));

    private string? ForOther(ParseResult result) => kind.ForOthers ? result.GetValue(_for) : null;

    private static Option<string[]> SetOption() => new("--set", "-s")
    {
        Description = "One setting, such as model.image.maskRatio=0.75; may be repeated.",
        HelpName = "key=value",
        AllowMultipleArgumentsPerToken = false,
    };

    /// <param name="FromPreset">Whether the settings begin with a preset and a file, not with a model's.</param>
    /// <param name="Shortcuts">Settings with options of their own.</param>
    /// <param name="ForOthers">Whether a library can be named that is to open the model.</param>
    internal sealed record Kind(bool FromPreset, IReadOnlyList<Shortcut> Shortcuts, bool ForOthers = false);
}
