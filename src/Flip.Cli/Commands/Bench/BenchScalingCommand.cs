using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Benchmarking.Scaling;
using Flip.Cli.Reporting;
using Flip.Config;

namespace Flip.Cli.Commands.Bench;

/// <summary><c>flip bench scaling</c>: the step's time on many GPUs by arithmetic, and the network that it needs; docs/cluster.md explains the terms.</summary>
internal sealed class BenchScalingCommand
{
    private const double Goal = 0.95;
    private const int MostGpus = 1 << 20;
    private const int MostBatch = 1 << 30;

    private readonly Option<string> _presets = Text("--preset", "Recipes whose models are reckoned.", "flip-b16,flip-l16,flip-h14");
    private readonly Option<string> _masks = Text("--mask", "Mask ratios.", "0,0.5,0.75");
    private readonly Option<string> _batches = Text("--batch", "Pairs of a step, of all GPUs together.", "32768,65536");
    private readonly Option<string> _worlds = Text("--gpus", "Numbers of GPUs.", "8,16,32,64,128,256,512,1024");
    private readonly Option<string> _gpu = Text("--gpu", "h100 or a100, with its network.", "h100");
    private readonly Option<int> _partsAt = new("--parts-at") { Description = "GPUs for which the parts of the step are shown.", DefaultValueFactory = _ => 256 };
    private readonly Option<double?> _speed = new("--pairs-per-second") { Description = "Measured speed of one GPU, as flip bench prints it (default: arithmetic)." };
    private readonly Option<int> _perHost = new("--per-host") { Description = "GPUs of a host.", DefaultValueFactory = _ => 8 };
    private readonly Option<double?> _intra = new("--intra") { Description = "Bandwidth of a GPU within its host, GB/s one way." };
    private readonly Option<double?> _inter = new("--inter") { Description = "Bandwidth of a GPU's network card, GB/s one way." };
    private readonly Option<string?> _hops = new("--hops") { Description = "Latencies of a hop within a host and between hosts, in us, such as 2,5 (default: NCCL's)." };
    private readonly Option<bool> _twoLevels = new("--two-levels") { Description = "Rings within hosts, then across them, in the place of one ring." };
    private readonly Option<TextExchange> _texts = new("--texts") { Description = "Gather or Ring, as train.textExchange.", DefaultValueFactory = _ => TextExchange.Gather };
    private readonly Option<int?> _bucket = new("--bucket") { Description = "MiB of a bucket of gradients (default: 16, and more from 64 GPUs on)." };
    private readonly Option<WeightGather> _weights = new("--weights") { Description = "When updated weights are gathered.", DefaultValueFactory = _ => WeightGather.Bucket };
    private readonly Option<int> _weightBytes = new("--weight-bytes") { Description = "Bytes of a gathered weight: 2 in bf16, 4 in fp32.", DefaultValueFactory = _ => 2 };
    private readonly Option<int> _gradientBytes = new("--gradient-bytes") { Description = "Bytes of a number of a summed gradient: 4, or 2 for bf16.", DefaultValueFactory = _ => 4 };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON instead of Markdown." };

    public static Command Create()
    {
        var options = new BenchScalingCommand();
        var command = new Command("scaling", "Reckon the time of a step on 8 to 1024 GPUs (alpha-beta model), its efficiency, and the network that it needs. Measures nothing.")
        {
            options._presets, options._masks, options._batches, options._worlds, options._gpu, options._partsAt, options._speed, options._perHost, options._intra, options._inter,
            options._hops, options._twoLevels, options._texts, options._bucket, options._weights, options._weightBytes, options._gradientBytes, options._json,
        };
        command.SetAction(result => options.Run(result));
        return command;
    }

    private void Run(ParseResult result)
    {
        var (gpu, network) = Machine(result);
        var partsAt = (int)Between("--parts-at", result.GetValue(_partsAt), 1, MostGpus);
        var worlds = Numbers(result, _worlds, 1, MostGpus).Select(number => (int)number).ToList();
        var masks = Numbers(result, _masks, 0, 0.99);
        var rows =
            from preset in result.GetValue(_presets)!.Split(',').Select(Presets.Get)
            from mask in masks
            from batch in Numbers(result, _batches, 1, MostBatch)
            select Row(result, new ScalingModel(gpu, network, preset.Config.Model, mask, Choices(result, (int)batch), Positive(result, _speed)), (preset.Name, mask, (int)batch), worlds);
        var report = new ScalingReport(Assumptions(result, gpu, network), Goal, [.. rows]);
        Console.Write(result.GetValue(_json) ? JsonSerializer.Serialize(report, JsonOutput.Options) + "\n" : report.ToMarkdown(partsAt));
    }

    private static ScalingRow Row(ParseResult result, ScalingModel model, (string Preset, double Mask, int Batch) name, List<int> worlds) => new(
        name.Preset,
        name.Mask,
        name.Batch,
        [.. worlds.Select(model.Step)],
        worlds.Distinct().ToDictionary(world => world, world => model.NeededBandwidth(world, Goal)));

    private (ClusterGpu Gpu, ClusterNetwork Network) Machine(ParseResult result)
    {
        var (gpu, network) = result.GetValue(_gpu) switch
        {
            "h100" => (ClusterGpu.H100, ClusterNetwork.H100),
            "a100" => (ClusterGpu.A100, ClusterNetwork.A100),
            var name => throw new ConfigException($"--gpu {name}: expected h100 or a100."),
        };
        network = network with
        {
            GpusPerHost = (int)Between("--per-host", result.GetValue(_perHost), 1, MostGpus),
            IntraBandwidth = Positive(result, _intra) * 1e9 ?? network.IntraBandwidth,
            InterBandwidth = Positive(result, _inter) * 1e9 ?? network.InterBandwidth,
            TwoLevels = result.GetValue(_twoLevels),
        };
        if (result.GetValue(_hops) is not { } hops)
        {
            return (gpu, network);
        }

        var microseconds = Numbers("--hops", hops, 0, 1e9);
        IReadOnlyList<RingProtocol> one = microseconds.Count == 2
            ? [new RingProtocol("given", 0, microseconds[0] * 1e-6, microseconds[1] * 1e-6, 1)]
            : throw new ConfigException($"--hops {hops}: expected two numbers, such as 2,5.");
        return (gpu, network with { Rings = one, Trees = one });
    }

    private ScalingChoices Choices(ParseResult result, int batch) => new(batch, result.GetValue(_texts))
    {
        BucketBytes = result.GetValue(_bucket) is { } bucket ? Between("--bucket", bucket, 1, 1 << 20) * (1 << 20) : null,
        Weights = result.GetValue(_weights),
        WeightBytes = (int)Between("--weight-bytes", result.GetValue(_weightBytes), 1, 8),
        GradientBytes = (int)Between("--gradient-bytes", result.GetValue(_gradientBytes), 1, 8),
    };

    private string[] Assumptions(ParseResult result, ClusterGpu gpu, ClusterNetwork network)
    {
        static string Of(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        return
        [
            Positive(result, _speed) is { } speed
                ? Of($"A GPU computes {speed:0.#} pairs/s alone, measured.")
                : Of($"{gpu.Name}: {gpu.Products / 1e12:0} TFLOP/s of bf16 products, {gpu.Memory / 1e12:0.0} TB/s of memory, by arithmetic (docs/gpu.md)."),
            Of($"{network.GpusPerHost} GPUs a host; {network.IntraBandwidth / 1e9:0.#} GB/s within it, {network.InterBandwidth / 1e9:0.#} GB/s of each GPU's card; {(network.TwoLevels ? "rings within hosts, then across them" : "one ring through all")}."),
            Of($"Texts: {result.GetValue(_texts)}. Gradients: buckets of {result.GetValue(_bucket)?.ToString(CultureInfo.InvariantCulture) ?? "16 (from 64 GPUs on more)"} MiB, {result.GetValue(_gradientBytes)} bytes a number. Weights: {result.GetValue(_weights)}, {result.GetValue(_weightBytes)} bytes each."),
            "Efficiency: the speed as a share of as many GPUs without any exchange. Late data, slow GPUs and what copies take of computing are left out.",
        ];
    }

    private static Option<string> Text(string name, string description, string value) => new(name) { Description = description, DefaultValueFactory = _ => value };

    private static List<double> Numbers(ParseResult result, Option<string> option, double least, double most) => Numbers(option.Name, result.GetValue(option)!, least, most);

    private static List<double> Numbers(string name, string list, double least, double most) =>
    [
        .. list.Split(',').Select(text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? Between(name, number, least, most)
            : throw new ConfigException($"{name} {list}: '{text}' is no number.")),
    ];

    private static double? Positive(ParseResult result, Option<double?> option) =>
        result.GetValue(option) is { } number ? Between(option.Name, number, double.Epsilon, 1e12) : null;

    private static double Between(string name, double number, double least, double most) => number >= least && number <= most
        ? number
        : throw new ConfigException(FormattableString.Invariant($"{name} {number}: must be at least {least} and at most {most}."));
}
