using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Cli.Runs;
using Flip.Config;
using Flip.Conversion;
using Flip.Conversion.Onnx;
using Flip.Io;
using Flip.Tokenizers;
using Flip.Training;
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
        var type = new Option<string>("--dtype") { Description = "Number format of the weights: fp32, fp16 or bf16.", DefaultValueFactory = _ => "fp32" };
        type.AcceptOnlyFromAmong([.. Types.Keys]);
        var images = new Option<string?>("--images")
        {
            Description = "Images on which an ONNX export is compared with the model: folder, list or shards; drawn scenes without.",
        };
        var overwrite = new Option<bool>("--overwrite") { Description = "Write into a folder that holds files already." };
        var json = new Option<bool>("--json") { Description = "Print what was written as JSON." };
        var settings = new ConfigOptions(ConfigOptions.Convert);
        var command = new Command("convert", "Convert a model between formats; every tensor is checked, and in fp32 no bit changes.")
        {
            source, target, to, type, images, overwrite, json,
        };
        settings.AddTo(command);
        command.SetAction((result, cancellation) =>
        {
            var folder = result.GetValue(target)!;
            if (!result.GetValue(overwrite) && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            {
                throw new ConfigException($"{folder} holds files already; --overwrite writes into it.");
            }

            OutputPlace.CheckFolder(folder, "target");
            using var stored = ModelArgument.Open(result.GetValue(source)!, settings.Sets(result));
            var tokenizer = TokenizerOf(stored, out var missing);
            IReadOnlyList<OnnxDifference> differences = [];
            if (Targets[result.GetValue(to)!] is { } format)
            {
                using var view = Consoles.Progress(result.GetValue(json));
                var scores = ModelArgument.ScoresOf(result.GetValue(source)!);
                ItemMeter? meter = null;
                ModelWriter.Write(stored, folder, format, tokenizer, Types[result.GetValue(type)!], scores, (done, all) =>
                    (meter ??= new ItemMeter(view, "convert", "tensors", all)).Report(done));
            }
            else
            {
                differences = OnnxExport.Write(stored, folder, PrecisionOf(result.GetValue(type)!), tokenizer, result.GetValue(images));
            }

            Report(stored, folder, missing, differences, result.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }

    private static OnnxPrecision PrecisionOf(string type) => type switch
    {
        "fp32" => OnnxPrecision.Fp32,
        "fp16" => OnnxPrecision.Fp16,
        _ => throw new ConfigException($"--dtype {type}: an ONNX export has fp32 or fp16."),
    };

    /// <summary>The tokenizer goes along where there is one; weights without one can be converted too.</summary>
    private static ITokenizer? TokenizerOf(StoredModel stored, out string? missing)
    {
        try
        {
            missing = null;
            return stored.TokenizerFor(stored.Config.Data);
        }
        catch (VocabularyException e) when (stored.Config.Data.Vocabulary is null)
        {
            missing = $"No tokenizer was written ({e.Message.TrimEnd('.')}); --vocab gives one.";
            return null;
        }
    }

    private static void Report(StoredModel stored, string folder, string? missing, IReadOnlyList<OnnxDifference> differences, bool json)
    {
        List<string> notes = [.. stored.Assumptions.Select(assumed => assumed.Text)];
        if (missing is not null)
        {
            notes.Add(missing);
        }

        var files = Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(path => new FileInfo(path)).ToList();
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    source = stored.Format,
                    folder = Path.GetFullPath(folder),
                    files = files.Select(file => new { file.Name, bytes = file.Length }),
                    notes,
                    differences,
                },
                JsonOutput.Options));
            return;
        }

        foreach (var note in notes)
        {
            Console.WriteLine(note);
        }

        Console.WriteLine($"{stored.Format} → {Path.GetFullPath(folder)}");
        foreach (var file in files)
        {
            Console.WriteLine($"  {file.Name,-32} {file.Length,14:N0} bytes");
        }

        foreach (var difference in differences)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {difference.File} {difference.Output}: at most {difference.Largest:g2} from the model (allowed {difference.Tolerance:g2})"));
        }
    }
}
