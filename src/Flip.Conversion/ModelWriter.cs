using Flip.Config;
using Flip.Conversion.Formats;
using Flip.Conversion.Names;
using Flip.Io;
using Flip.Models;
using Flip.Storage;
using Flip.Tokenizers;
using static TorchSharp.torch;

namespace Flip.Conversion;

/// <summary>The formats that models are written in, tensors by tensors.</summary>
public enum WeightFormat
{
    /// <summary>Our own folder.</summary>
    Flip,

    /// <summary>open_clip's folder.</summary>
    OpenClip,

    /// <summary>Hugging Face's <c>CLIPModel</c> folder, or <c>SiglipModel</c>'s where the model is one.</summary>
    HuggingFace,
}

/// <summary>
/// Writes a stored model in another format. No model is built: each tensor goes from file to file by itself, so the memory needed is that
/// of the largest tensor, and in fp32 no bit changes.
/// </summary>
public static class ModelWriter
{
    private const string Positions = "image.positions";

    /// <summary>Writes weights, configuration, tokenizer and model card.</summary>
    /// <param name="stored">The model.</param>
    /// <param name="folder">Where to; files of the same names are replaced.</param>
    /// <param name="format">How.</param>
    /// <param name="tokenizer">Its tokenizer; null writes none.</param>
    /// <param name="type">Number format of the weights: Float32, Float16 or BFloat16.</param>
    /// <param name="scores">Numbers of its last evaluation, for the card.</param>
    /// <param name="progress">Takes the number of tensors written and of all.</param>
    /// <param name="repository">Name of the hub's repository that the folder becomes, where open_clip is to find the tokenizer; null where it is not known.</param>
    /// <exception cref="ConfigException">The format cannot say what the model is; every reason is listed.</exception>
    /// <exception cref="CheckpointFormatException">The weights do not fit the model's configuration.</exception>
    public static void Write(
        StoredModel stored,
        string folder,
        WeightFormat format,
        ITokenizer? tokenizer,
        ScalarType type = ScalarType.Float32,
        IReadOnlyDictionary<string, double>? scores = null,
        Action<int, int>? progress = null,
        string? repository = null)
    {
        var config = stored.Config;
        if (tokenizer is not null)
        {
            config = ModelFolder.WithVocabulary(config, tokenizer);
        }

        CheckFormat(config, format);
        var parameters = FlipModel.Declare(config.Model, config.Train.Loss);
        WeightFile.Check(stored.Weights, stored.Names, config.Model, parameters);
        if (format != WeightFormat.Flip && config.Model.Image.Positions == ImagePositions.SinCos)
        {
            parameters = [.. parameters, (Positions, PositionShape(config.Model.Image))];
        }

        var names = NamesOf(config, format);
        var tensors = parameters.SelectMany(parameter => Parts(stored, parameter.Name, parameter.Shape, names, type)).ToList();
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Write(
            Path.Combine(folder, format == WeightFormat.OpenClip ? OpenClipFormat.WeightsFile : ModelFolder.WeightsFile),
            progress is null ? tensors : Watched(tensors, progress),
            format == WeightFormat.Flip ? null : new Dictionary<string, string> { ["format"] = "pt" }); // transformers asks for it
        Describe(folder, config, format, tokenizer, repository);
        tokenizer?.Save(folder, config.Model.Text.Length);
        ModelCard.Write(folder, config, format, stored.Format, scores);
    }

    /// <summary>What a user of a written model has to know, whole sentences.</summary>
    /// <param name="config">The model.</param>
    /// <param name="format">How it is written.</param>
    public static IReadOnlyList<string> Notes(FlipConfig config, WeightFormat format) =>
        format == WeightFormat.OpenClip && OpenClipExport.Needs(config.Model) is { } needs ? [needs] : [];

    /// <summary>Checks that a model of a configuration will open in the released versions of a format's library.</summary>
    /// <exception cref="ConfigException">It will not.</exception>
    public static void CheckOpens(FlipConfig config, WeightFormat format)
    {
        CheckFormat(config, format);
        if (Notes(config, format) is [var note, ..])
        {
            throw new ConfigException(note);
        }
    }

    /// <summary>
    /// Whether open_clip finds a written tokenizer by the name of the hub's repository alone, where the folder is not local: every one but CLIP's own.
    /// </summary>
    public static bool NeedsRepository(FlipConfig config, ITokenizer? tokenizer) => !OpenClipTokenizer.IsOwn(config, tokenizer);

    private static void CheckFormat(FlipConfig config, WeightFormat format)
    {
        var obstacles = format switch
        {
            WeightFormat.HuggingFace => HuggingFaceFormat.Obstacles(config).ToList(),
            WeightFormat.OpenClip => OpenClipExport.Obstacles(config).ToList(),
            _ => [],
        };
        if (obstacles.Count > 0)
        {
            throw new ConfigException(
                $"{(format != WeightFormat.HuggingFace ? "open_clip" : HuggingFaceFormat.IsSiglip(config) ? "Hugging Face's SiglipModel" : "Hugging Face's CLIPModel")} cannot express this model: it has "
                + string.Join(", ", obstacles)
                + (format == WeightFormat.HuggingFace && !OpenClipExport.Obstacles(config).Any() ? "; open_clip and onnx can." : "; onnx can."));
        }
    }

    private static IWeightNames NamesOf(FlipConfig config, WeightFormat format) => format switch
    {
        WeightFormat.HuggingFace => HuggingFaceFormat.IsSiglip(config) ? HuggingFaceNames.Siglip : HuggingFaceNames.Table,
        WeightFormat.OpenClip => OpenClipExport.Names(config),
        _ => OwnNames.Instance,
    };

    private static void Describe(string folder, FlipConfig config, WeightFormat format, ITokenizer? tokenizer, string? repository)
    {
        switch (format)
        {
            case WeightFormat.HuggingFace:
                HuggingFaceFormat.Describe(folder, config, tokenizer);
                break;
            case WeightFormat.OpenClip:
                JsonFile.Write(Path.Combine(folder, OpenClipFormat.ConfigFile), OpenClipExport.Describe(config, tokenizer, repository));
                break;
            default:
                AtomicFile.WriteText(Path.Combine(folder, ModelFolder.ConfigFile), ConfigWriter.ToJson(config));
                break;
        }
    }

    /// <summary>The tensors that a parameter becomes; each is read when it is written.</summary>
    private static IEnumerable<(TensorDescription, Action<Stream>)> Parts(StoredModel stored, string name, long[] shape, IWeightNames names, ScalarType type)
    {
        var target = names.Find(name) ?? throw new InvalidOperationException($"The format has no place for {name}.");
        for (var i = 0; i < target.Names.Count; i++)
        {
            var part = i;
            yield return (new TensorDescription(target.Names[part], SafetensorsTypes.NameOf(type)!, target.PartShape(shape, part)), stream =>
            {
                using var scope = NewDisposeScope();
                var piece = target.PartOf(Ours(stored, name), part);
                SafetensorsWriter.WriteData(stream, target.Layout.ToStored(piece).to(type));
            }
            );
        }
    }

    private static List<(TensorDescription, Action<Stream>)> Watched(
        List<(TensorDescription Description, Action<Stream> Write)> tensors, Action<int, int> progress)
    {
        var done = 0;
        return [.. tensors.Select(tensor => (tensor.Description, (Action<Stream>)(stream =>
        {
            tensor.Write(stream);
            progress(++done, tensors.Count);
        })))];
    }

    private static Tensor Ours(StoredModel stored, string name) =>
        name == Positions && stored.Config.Model.Image.Positions == ImagePositions.SinCos
            ? FixedPositions.Table(stored.Config.Model.Image)
            : WeightFile.Read(stored.Weights, stored.Names, name, stored.Config.Model.Image);

    private static long[] PositionShape(ImageConfig image) =>
        [image.PatchCount() + (image.ClassToken == ClassToken.WithPosition ? 1 : 0), image.Width];
}
