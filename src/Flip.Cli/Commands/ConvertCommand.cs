using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Conversion;
using Flip.Conversion.Onnx;
using Flip.Io;
using Flip.Progress;
using Flip.Storage;
using Flip.Tokenizers;
using TorchSharp;

namespace Flip.Cli.Commands;

/// <summary><c>flip convert</c>: a model from any known format into another.</summary>
internal static class ConvertCommand
{
    /// <summary>Formats of weights; null for ONNX, which has graphs.</summary>
    private static readonly Dictionary<string, WeightFormat?> Targets = new()
    {
        ["flip"] = WeightFormat.Flip,
        ["open_clip"] = WeightFormat.OpenClip,
        ["hf"] = WeightFormat.HuggingFace,
        ["onnx"] = null,
    };

    private static readonly Dictionary<string, torch.ScalarType> Types = new()
    {
        ["fp32"] = torch.ScalarType.Float32,
        ["fp16"] = torch.ScalarType.Float16,
        ["bf16"] = torch.ScalarType.BFloat16,
    };

    /// <summary>Number formats of graphs, all of which an export has unless it is told which.</summary>
    private static readonly Dictionary<string, OnnxPrecision> Precisions = new()
    {
        ["fp32"] = OnnxPrecision.Fp32,
        ["fp16"] = OnnxPrecision.Fp16,
        ["quantized"] = OnnxPrecision.Quantized,
    };

    public static Command Create()
    {
        var source = new Argument<string>("source")
        {
            Description = "A model: Flip's folder, run or checkpoint, a Hugging Face CLIP or open_clip folder, OpenAI's or a training's .pt or "
                + ".safetensors, an official FLIP checkpoint.",
        };
        var target = new Argument<string>("target") { Description = "Folder to write; created if need be." };
        var to = new Option<string>("--to") { Description = "Format: flip, open_clip, hf (Hugging Face CLIPModel) or onnx.", Required = true };
        to.AcceptOnlyFromAmong([.. Targets.Keys]);
        var type = new Option<string?>("--dtype")
        {
            Description = "Number format of the weights: fp32 (the default), fp16 or bf16; of an ONNX export one or several of fp32,fp16,quantized, "
                + "all three without.",
        };
        var images = new Option<string?>("--images")
        {
            Description = "Images on which an ONNX export is compared with the model: folder, list or shards; by default drawn scenes.",
        };
        var hubName = new Option<string?>("--hub-name")
        {
            Description = "Name of the hub's repository that the folder becomes (ORGANISATION/NAME): open_clip's hf-hub: looks for the tokenizer there.",
        };
        var overwrite = new Option<bool>("--overwrite") { Description = "Write into a folder that holds files already." };
        var json = new Option<bool>("--json") { Description = "Print what was written as JSON." };
        var settings = new ConfigOptions(ConfigOptions.Convert);
        var command = new Command("convert", "Convert a model between formats; every tensor is checked, and in fp32 no bit changes.")
        {
            source, target, to, type, images, hubName, overwrite, json,
        };
        settings.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var request = new Request(
                result.GetValue(source)!,
                result.GetValue(target)!,
                Targets[result.GetValue(to)!],
                result.GetValue(type),
                result.GetValue(images),
                result.GetValue(hubName),
                settings.Sets(result));
            if (!result.GetValue(overwrite) && Directory.Exists(request.Folder) && Directory.EnumerateFileSystemEntries(request.Folder).Any())
            {
                throw new ConfigException($"{request.Folder} holds files already; --overwrite writes into it.");
            }

            OutputPlace.CheckFolder(request.Folder, "target");
            Run(request, result.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(Request request, bool json)
    {
        var (format, dtype) = (request.Format, request.Dtype);
        var weights = format is null ? default : Named(Types, [dtype ?? "fp32"], "weights have").Single();
        var precisions = format is null ? Named(Precisions, dtype?.Split(',') ?? [.. Precisions.Keys], "an ONNX export has") : [];
        using var stored = ModelSource.Open(request.Source, request.Settings);
        List<string> notes = [.. stored.Assumptions.Select(assumed => assumed.Text)];
        var tokenizer = TokenizerOf(stored, notes);
        var scores = ModelArgument.ScoresOf(request.Source);
        IReadOnlyList<OnnxDifference> differences = [];
        if (format is { } ofWeights)
        {
            using var view = Consoles.Progress(json);
            ItemMeter? meter = null;
            ModelWriter.Write(
                stored,
                request.Folder,
                ofWeights,
                tokenizer,
                weights,
                scores,
                (done, all) => (meter ??= new ItemMeter(view, "convert", "tensors", all)).Report(done),
                request.HubName);
            notes.AddRange(ModelWriter.Notes(stored.Config, ofWeights));
            if (ofWeights == WeightFormat.OpenClip && request.HubName is null && tokenizer is not null && ModelWriter.NeedsRepository(stored.Config, tokenizer))
            {
                notes.Add("open_clip finds the tokenizer as local-dir:FOLDER; for hf-hub:NAME give --hub-name NAME, or set text_cfg.hf_tokenizer_name in open_clip_config.json.");
            }
        }
        else
        {
            if (tokenizer is null && stored.Config.Model.Text.Pooling == TextPooling.EndOfText)
            {
                notes.Add($"The end of a text is taken to be the largest id, {stored.Config.Model.Text.VocabularySize - 1}, as in CLIP's vocabulary.");
            }

            differences = OnnxExport.Write(stored, request.Folder, precisions, tokenizer, request.Images, scores);
        }

        Report(stored.Format, request.Folder, notes, differences, json);
    }

    /// <summary>The number formats of some names, each once.</summary>
    private static List<T> Named<T>(Dictionary<string, T> formats, IEnumerable<string> names, string whose) => [.. names.Select(name =>
        formats.TryGetValue(name.Trim(), out var format)
            ? format
            : throw new ConfigException($"--dtype {name}: {whose} {string.Join(", ", formats.Keys)}.")).Distinct()];

    /// <summary>The tokenizer goes along where there is one; weights without one can be converted too.</summary>
    private static ITokenizer? TokenizerOf(StoredModel stored, List<string> notes)
    {
        try
        {
            return stored.TokenizerFor(stored.Config.Data);
        }
        catch (VocabularyException e) when (stored.Config.Data.Vocabulary is null)
        {
            notes.Add($"No tokenizer was written ({e.Message.TrimEnd('.')}); --vocab gives one.");
            return null;
        }
    }

    private static void Report(
        string source, string folder, IReadOnlyList<string> notes, IReadOnlyList<OnnxDifference> differences, bool json)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => (Name: Path.GetRelativePath(folder, path), Bytes: new FileInfo(path).Length)).ToList();
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    source,
                    folder = Path.GetFullPath(folder),
                    files = files.Select(file => new { file.Name, file.Bytes }),
                    notes,
                    differences,
                },
                JsonOutput.Options));
            return;
        }

        foreach (var line in notes)
        {
            Console.WriteLine(line);
        }

        Console.WriteLine($"{source} → {Path.GetFullPath(folder)}");
        foreach (var file in files)
        {
            Console.WriteLine($"  {file.Name,-32} {file.Bytes,14:N0} bytes");
        }

        foreach (var difference in differences)
        {
            Console.WriteLine(Line(difference));
        }
    }

    /// <summary>How far an output is from the model's; of a quantised one, which differs much, how rows turn or what stays of the ranking.</summary>
    private static string Line(OnnxDifference found)
    {
        var how = found switch
        {
            { Precision: not OnnxPrecision.Quantized } => string.Create(CultureInfo.InvariantCulture, $" (allowed {found.Tolerance:g2})"),
            { IsRanking: true } => string.Create(CultureInfo.InvariantCulture, $"; the best match is the same in {found.SameBest:0.#%}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"; 1 - cosine is {1 - found.Cosine:g2} at most, {1 - found.MeanCosine:g2} on average"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"  {found.File} {found.Output}: at most {found.Largest:g2} from the model{how}");
    }

    /// <summary>What the command was asked for.</summary>
    private sealed record Request(
        string Source, string Folder, WeightFormat? Format, string? Dtype, string? Images, string? HubName, IReadOnlyList<string> Settings);
}
