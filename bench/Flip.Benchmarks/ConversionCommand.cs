using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Flip.Config;
using Flip.Conversion;
using Flip.Conversion.Onnx;
using Flip.Models;
using Flip.Native;
using Flip.Storage;
using TorchSharp;

namespace Flip.Benchmarks;

/// <summary>Times reading, converting and exporting a full-size model; each task in a process of its own, so that its peak memory is its own.</summary>
internal static class ConversionCommand
{
    /// <summary>The tasks in order; each may use what those before it wrote.</summary>
    private static readonly (string Name, Action<string, string> Run)[] Tasks =
    [
        ("libtorch alone", (_, _) => LibTorch.EnsureLoaded()),
        ("write random weights", WriteRandom),
        ("load", (_, folder) => Load(Path.Combine(folder, "flip"))),
        ("to open_clip", (_, folder) => Convert(Path.Combine(folder, "flip"), Path.Combine(folder, "open_clip"), WeightFormat.OpenClip)),
        ("to Hugging Face", (_, folder) => Convert(Path.Combine(folder, "open_clip"), Path.Combine(folder, "hf"), WeightFormat.HuggingFace)),
        ("load from Hugging Face", (_, folder) => Load(Path.Combine(folder, "hf"))),
        ("to Hugging Face, fp16", (_, folder) => Convert(Path.Combine(folder, "hf"), Path.Combine(folder, "half"), WeightFormat.HuggingFace, torch.ScalarType.Float16)),
        ("to ONNX, checked", (_, folder) => Export(Path.Combine(folder, "flip"), Path.Combine(folder, "onnx"))),
    ];

    public static Command Create()
    {
        var preset = new Option<string>("--preset", "-p") { Description = "A preset with CLIP's towers.", DefaultValueFactory = _ => "flip-b16-openclip" };
        var task = new Option<int?>("--task") { Description = "Run one task here and print its cost; for the benchmark itself.", Hidden = true };
        var folder = new Option<string?>("--folder") { Description = "Where the files go; a temporary folder without, which is removed." };
        var command = new Command("conversion", "Times reading, converting and exporting a full-size model with random weights.") { preset, task, folder };
        command.SetAction(result =>
        {
            if (result.GetValue(task) is { } number)
            {
                RunTask(number, result.GetValue(preset)!, result.GetValue(folder)!);
                return;
            }

            var place = result.GetValue(folder) ?? Directory.CreateTempSubdirectory("flip-conversion-").FullName;
            try
            {
                RunAll(result.GetValue(preset)!, place);
            }
            finally
            {
                if (result.GetValue(folder) is null)
                {
                    Directory.Delete(place, recursive: true);
                }
            }
        });
        return command;
    }

    private static void RunAll(string preset, string folder)
    {
        var bytes = 4.0 * FlipModel.Declare(Presets.Get(preset).Config.Model, LossKind.InfoNce)
            .Sum(parameter => parameter.Shape.Aggregate(1L, (product, size) => product * size));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{preset}: {bytes / 1e9:0.00} GB of fp32 weights\n"));
        Console.WriteLine("| task | seconds | peak memory, GB | above libtorch alone, in models |\n|---|---:|---:|---:|");
        var idle = 0.0;
        for (var i = 0; i < Tasks.Length; i++)
        {
            var (seconds, peak) = Child(i, preset, folder);
            idle = i == 0 ? peak : idle;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {Tasks[i].Name} | {seconds:0.0} | {peak / 1e9:0.00} | {(peak - idle) / bytes:0.00} |"));
        }
    }

    private static (double Seconds, double Peak) Child(int task, string preset, string folder)
    {
        var program = Environment.GetCommandLineArgs()[0];
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        string[] host = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [program] : [];
        foreach (var argument in host.Concat(["conversion", "--task", $"{task}", "--preset", preset, "--folder", folder]))
        {
            start.ArgumentList.Add(argument);
        }

        using var child = Process.Start(start)!;
        var output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        if (child.ExitCode != 0)
        {
            throw new InvalidOperationException($"The task '{Tasks[task].Name}' failed.");
        }

        var numbers = output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1].Split(' ');
        return (double.Parse(numbers[0], CultureInfo.InvariantCulture), double.Parse(numbers[1], CultureInfo.InvariantCulture));
    }

    private static void RunTask(int number, string preset, string folder)
    {
        var clock = Stopwatch.StartNew();
        Tasks[number].Run(preset, folder);
        var seconds = clock.Elapsed.TotalSeconds;
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds} {process.PeakWorkingSet64}"));
    }

    private static void WriteRandom(string preset, string folder) => RandomModel.Write(Path.Combine(folder, "flip"), Presets.Get(preset).Config).Dispose();

    private static void Load(string path) => Loaded(path).Dispose();

    private static FlipModel Loaded(string path)
    {
        using var stored = ModelSource.Open(path);
        return stored.LoadModel(stored.Config);
    }

    private static void Convert(string source, string target, WeightFormat format, torch.ScalarType type = torch.ScalarType.Float32)
    {
        using var stored = ModelSource.Open(source);
        ModelWriter.Write(stored, target, format, tokenizer: null, type);
    }

    private static void Export(string source, string target)
    {
        using var model = Loaded(source);
        OnnxExporter.Export(model, target, [OnnxPrecision.Fp32], new EndMarkerOnly());
    }
}
