using System.CommandLine;
using System.Globalization;
using Flip.Config;
using Flip.Conversion.Onnx;
using Flip.Devices;

namespace Flip.Benchmarks.Inference;

/// <summary>Times the image tower beside ONNX Runtime on an export of the same model. All take turns, so that a machine that slows down slows them all.</summary>
internal static class InferenceCommand
{
    public static Command Create()
    {
        var preset = new Option<string>("--preset", "-p") { Description = "A preset with CLIP's towers, or any whose vocabulary is given.", DefaultValueFactory = _ => "flip-b16-openclip" };
        var batches = new Option<string>("--batches") { Description = "Images at a time.", DefaultValueFactory = _ => "1,8,64" };
        var rounds = new Option<int>("--rounds") { Description = "Passes of each, after one to warm up.", DefaultValueFactory = _ => 9 };
        var threads = new Option<int>("--threads") { Description = "Threads of each; 0 takes the processor count.", DefaultValueFactory = _ => 0 };
        var all = new Option<bool>("--all") { Description = "The fp16 and int8 exports too." };
        var command = new Command("inference", "Times the image tower beside ONNX Runtime, with random weights.") { preset, batches, rounds, threads, all };
        command.SetAction(result =>
        {
            var folder = Directory.CreateTempSubdirectory("flip-inference-").FullName;
            try
            {
                OnnxPrecision[] exports = result.GetValue(all) ? [OnnxPrecision.Fp32, OnnxPrecision.Fp16, OnnxPrecision.Quantized] : [OnnxPrecision.Fp32];
                var sizes = result.GetValue(batches)!.Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture)).ToList();
                Run(result.GetValue(preset)!, sizes, result.GetValue(rounds), result.GetValue(threads) is > 0 and var given ? given : Processors.Available, exports, folder);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static void Run(string preset, List<int> batches, int rounds, int threads, OnnxPrecision[] exports, string folder)
    {
        var config = Write(preset, exports, folder);
        var engines = new List<IImageEngine>();
        try
        {
            engines.AddRange(exports.Select(export => new OnnxEngine(Path.Combine(folder, OnnxExporter.NameOf(OnnxExporter.ImageFile, export)), $"ONNX Runtime, {export.ToString().ToLowerInvariant()}", threads)));
            engines.Add(new FlipImageEngine(folder, Precision.Fp32, ImageRuntime.Onnx, threads));
            engines.Add(new FlipImageEngine(folder, Precision.Fp32, ImageRuntime.Libtorch, threads));
            engines.Add(new FlipImageEngine(folder, Precision.Bf16, ImageRuntime.Libtorch, threads));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{preset}, images of {config.Image.ImageSize} pixels, {config.Image.PatchCount()} patches, {threads} threads, median of {rounds} rounds.\n"));
            Console.WriteLine(Turns.Header);
            foreach (var batch in batches)
            {
                foreach (var line in Turns.Measure(engines, batch, config.Image.ImageSize, rounds))
                {
                    Console.WriteLine(line);
                }
            }
        }
        finally
        {
            engines.ForEach(engine => engine.Dispose());
        }
    }

    private static ModelConfig Write(string preset, OnnxPrecision[] exports, string folder)
    {
        var config = Presets.Get(preset).Config;
        var towers = config.Model.Text.VocabularySize > 0 ? config.Model : config.Model with { Text = config.Model.Text with { VocabularySize = new EndMarkerOnly().VocabularySize } };
        using var model = RandomModel.Write(folder, config with { Model = towers });
        OnnxExporter.Export(model, folder, exports, new EndMarkerOnly());
        return towers;
    }
}
