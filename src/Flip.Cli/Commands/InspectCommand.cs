using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Conversion;
using Flip.Models;
using Flip.Storage;
using Flip.Tasks.Answering;
using Flip.Tasks.Captioning;
using Spectre.Console;

namespace Flip.Cli.Commands;

/// <summary><c>flip inspect</c>: what a model or a file of weights is.</summary>
internal static class InspectCommand
{
    private const int LongestName = 200; // of a tensor; published ones have some 80

    private const int FirstDifferences = 6;

    /// <summary>Settings that do not change what a model computes at inference, or say how it is trained.</summary>
    private static readonly string[] NotOfTheModel =
    [
        "model.image.maskRatio", "model.image.finalMaskRatio", "model.image.maskKind", "model.text.maskRatio", "model.text.maskKind",
        "model.image.positionResize", "model.logitScaleInit", "model.logitScaleClamp", "model.normEps", "model.reconstruction",
    ];

    public static Command Create()
    {
        var path = new Argument<string>("path") { Description = "A model of any format, or a file of weights." };
        var tensors = new Option<bool>("--tensors") { Description = "List every tensor with type and shape." };
        var json = new Option<bool>("--json") { Description = "Print as JSON." };
        var settings = new ConfigOptions(ConfigOptions.Convert);
        var command = new Command("inspect", "Describe a model: format, towers, sizes, parameters, and the preset it matches or is nearest to.")
        {
            path, tensors, json,
        };
        settings.AddTo(command);
        command.SetAction(result =>
        {
            try
            {
                using var stored = ModelSource.Open(result.GetValue(path)!, settings.Sets(result));
                Show(stored, result.GetValue(tensors), result.GetValue(json));
            }
            catch (CheckpointFormatException) when (CaptionerFolder.IsCaptioner(result.GetValue(path)!))
            {
                ShowCaptioner(result.GetValue(path)!, result.GetValue(json));
            }
            catch (CheckpointFormatException) when (AnswererFolder.IsAnswerer(result.GetValue(path)!))
            {
                ShowAnswerer(result.GetValue(path)!, result.GetValue(json));
            }
            catch (CheckpointFormatException e) when (result.GetValue(tensors))
            {
                // Not a model, but perhaps weights all the same.
                using var weights = ModelSource.OpenTensors(result.GetValue(path)!);
                ShowTensors(weights, result.GetValue(json), e.Message);
            }

            return 0;
        });
        return command;
    }

    private static void ShowCaptioner(string path, bool json)
    {
        using var loaded = CaptionerFolder.Load(path);
        var (captioner, image) = (loaded.Captioner, loaded.Config.Model.Image);
        var ofHead = captioner.Parameters.All.Where(parameter => Captioner.IsOfHead(parameter.Name)).Sum(parameter => parameter.Count);
        var all = captioner.Parameters.All.Sum(parameter => parameter.Count);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { Format = "Flip captioner", image, captioner.Head, words = captioner.VocabularySize, parameters = all, headParameters = ofHead }, JsonOutput.Options));
            return;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"A captioner: {all:N0} parameters, {ofHead:N0} of them in encoder and decoder.\nImage tower: {image.ImageSize} pixels in patches of {image.PatchSize}, {image.Width} wide, {image.Depth} blocks.\nHead: {captioner.Head.Width} wide, {captioner.Head.EncoderDepth} and {captioner.Head.DecoderDepth} blocks, {captioner.VocabularySize:N0} tokens, captions of {captioner.Head.Length} tokens."));
    }

    private static void ShowAnswerer(string path, bool json)
    {
        using var loaded = AnswererFolder.Load(path);
        var (answerer, image, text) = (loaded.Answerer, loaded.Config.Model.Image, loaded.Config.Model.Text);
        var ofHead = answerer.Parameters.All.Where(parameter => QuestionAnswerer.IsOfHead(parameter.Name)).Sum(parameter => parameter.Count);
        var all = answerer.Parameters.All.Sum(parameter => parameter.Count);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new { Format = "Flip question answerer", image, text, answerer.Head, answers = answerer.Answers, loaded.QuestionOnly, loaded.Majority, parameters = all, headParameters = ofHead },
                JsonOutput.Options));
            return;
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"A model that answers questions{(loaded.QuestionOnly ? " without seeing an image" : string.Empty)}: {all:N0} parameters, {ofHead:N0} of them behind the towers.\nImage tower: {image.ImageSize} pixels in patches of {image.PatchSize}, {image.Width} wide, {image.Depth} blocks. Text tower: {text.Length} tokens, {text.Width} wide, {text.Depth} blocks.\nHead: {answerer.Head.Width} wide, {answerer.Head.Depth} blocks, {answerer.Answers:N0} answers, such as {string.Join(", ", loaded.Answers.Answers.Take(5).Select(answer => $"'{answer}'"))}."));
    }

    private static void Show(StoredModel stored, bool tensors, bool json)
    {
        if (stored.Config.Model.Text.VocabularySize == 0)
        {
            stored = stored with { Config = ModelFolder.WithVocabulary(stored.Config, stored.Tokenizer()) };
        }

        var model = stored.Config.Model;
        var cost = ModelCost.Of(model, imageMaskRatio: 0, textMaskRatio: 0);
        var (preset, differences) = NearestPreset(model);
        var problem = Problem(stored);
        var types = stored.Weights.Names.Select(stored.Weights.Describe).GroupBy(tensor => tensor.Type)
            .ToDictionary(group => group.Key, group => group.Sum(tensor => tensor.Count));
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                new
                {
                    stored.Format,
                    model,
                    parameters = cost.Parameters,
                    imageParameters = cost.Image.Parameters,
                    textParameters = cost.Text.Parameters,
                    forwardFlops = cost.ForwardFlops,
                    types,
                    preset,
                    differences,
                    problem,
                    assumptions = stored.Assumptions.Select(assumed => assumed.Text),
                    tensors = tensors ? Described(stored.Weights) : null,
                },
                JsonOutput.Options));
            return;
        }

        Write(stored, cost, types);
        Console.WriteLine(differences.Count == 0
            ? $"Preset: {preset}"
            : $"Nearest preset: {preset}, with {string.Join(", ", differences.Take(FirstDifferences))}"
                + (differences.Count > FirstDifferences ? $" and {differences.Count - FirstDifferences} more" : string.Empty));
        Console.WriteLine(problem is null ? "Weights: all there, of the right shapes" : $"Weights: {problem}");
        foreach (var assumption in stored.Assumptions)
        {
            Console.WriteLine(assumption.Text);
        }

        if (tensors)
        {
            ShowTensors(stored.Weights, json: false, notAModel: null);
        }
    }

    private static void Write(StoredModel stored, ModelCost cost, Dictionary<string, long> types)
    {
        var (image, text) = (stored.Config.Model.Image, stored.Config.Model.Text);
        var table = new Table().Border(TableBorder.Simple).AddColumns(string.Empty, "image tower", "text tower");
        table.AddRow("input", $"{image.ImageSize} pixels, patches of {image.PatchSize}", $"{text.Length} of {text.VocabularySize} tokens");
        table.AddRow("width × blocks", $"{image.Width} × {image.Depth}, {image.Heads} heads", $"{text.Width} × {text.Depth}, {text.Heads} heads");
        table.AddRow("variant", ImageVariant(image), TextVariant(text));
        table.AddRow("parameters", Millions(cost.Image.Parameters), Millions(cost.Text.Parameters));
        table.AddRow("forward", Gigaflops(cost.Image.ForwardFlops), Gigaflops(cost.Text.ForwardFlops));
        Console.WriteLine($"{stored.Format}: {stored.Weights.Path}");
        Consoles.Output().Write(table);
        var model = stored.Config.Model;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Joint embedding {model.EmbedDim}, {Kinds(model)}, {Millions(cost.Parameters)} parameters"));
        Console.WriteLine($"File: {stored.Weights.Names.Count} tensors, "
            + string.Join(", ", types.Select(type => $"{type.Value.ToString("N0", CultureInfo.InvariantCulture)} numbers of {type.Key}")));
    }

    private static (string Preset, IReadOnlyList<string> Differences) NearestPreset(ModelConfig model) => Presets.All
        .Select(preset => (preset.Name, Differences: Differences(model, preset.Config.Model)))
        .MinBy(candidate => candidate.Differences.Count);

    private static IReadOnlyList<string> Differences(ModelConfig model, ModelConfig preset) =>
    [
        .. ConfigWriter.Difference(new FlipConfig { Model = model }, new FlipConfig { Model = preset })
            .Where(change => !NotOfTheModel.Any(key => change.StartsWith(key, StringComparison.Ordinal))),
    ];

    private static string? Problem(StoredModel stored)
    {
        try
        {
            WeightFile.Check(stored.Weights, stored.Names, stored.Config.Model, FlipModel.Declare(stored.Config.Model, stored.Config.Train.Loss));
            return null;
        }
        catch (CheckpointFormatException e)
        {
            return e.Message;
        }
    }

    private static void ShowTensors(ITensorSource weights, bool json, string? notAModel)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { problem = notAModel, tensors = Described(weights) }, JsonOutput.Options));
            return;
        }

        if (notAModel is not null)
        {
            Console.WriteLine(notAModel);
        }

        foreach (var tensor in Described(weights))
        {
            Console.WriteLine($"{tensor.Type,-5} {"[" + string.Join(", ", tensor.Shape) + "]",-22} {Short(tensor.Name)}");
        }
    }

    private static string Short(string name) => name.Length <= LongestName ? name : name[..LongestName] + "...";

    private static IEnumerable<TensorDescription> Described(ITensorSource weights) => weights.Names.Select(name =>
    {
        try
        {
            return weights.Describe(name);
        }
        catch (CheckpointFormatException)
        {
            return new TensorDescription(name, "?", []); // what cannot be read is listed too
        }
    });

    private static string ImageVariant(ImageConfig image) =>
        $"class token {Lower(image.ClassToken)}, positions {Lower(image.Positions)}, pooling {Lower(image.Pooling)}"
        + (image.FinalNorm == FinalNorm.BeforePooling ? string.Empty : $", final norm {Lower(image.FinalNorm)}");

    private static string Kinds(ModelConfig model)
    {
        static string Of(BlockKind kind) => string.Create(CultureInfo.InvariantCulture, $"activation {kind.Activation}, LayerNorm epsilon {kind.LayerNormEps}");
        var (image, text) = (Of(model.ImageBlocks()), Of(model.TextBlocks()));
        return image == text ? text : $"{image} (image tower), {text} (text tower)";
    }

    private static string TextVariant(TextConfig text) => $"{(text.Causal ? "causal" : "bidirectional")}, pooling {Lower(text.Pooling)}";

    private static string Lower(Enum value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    private static string Millions(long count) => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.0#} M");

    private static string Gigaflops(double flops) => string.Create(CultureInfo.InvariantCulture, $"{flops / 1e9:0.0#} GFLOP");
}
