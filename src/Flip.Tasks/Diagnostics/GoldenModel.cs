using Flip.Config;
using Flip.Conversion.Names;
using Flip.Devices;
using Flip.Losses;
using Flip.Masking;
using Flip.Models;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tasks.Diagnostics;

/// <summary>
/// A tiny model of official FLIP with the values that its code computed: embeddings, losses, gradients and one update. It is built into this
/// library, so that any machine can check itself.
/// </summary>
internal sealed class GoldenModel : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("flip-golden-");
    private readonly SafetensorsReader _weights;
    private readonly SafetensorsReader _inputs;
    private readonly SafetensorsReader _outputs;
    private readonly Device _device;

    public GoldenModel(Device device)
    {
        _device = device;
        (_weights, _inputs, _outputs) = (Open("weights"), Open("inputs"), Open("outputs"));
    }

    /// <summary>Sizes of the model.</summary>
    public static ModelConfig Config { get; } = new()
    {
        Image = new ImageConfig { ImageSize = 32, PatchSize = 8, Width = 64, Depth = 2, Heads = 4, ClassToken = ClassToken.WithoutPosition, MaskRatio = 0.5 },
        Text = new TextConfig { VocabularySize = 200, Length = 12, Width = 48, Depth = 2, Heads = 4 },
        EmbedDim = 32,
    };

    /// <summary>Normalised images, <c>[6, 32, 32, 3]</c>.</summary>
    public Tensor Images => _inputs.ReadTensor("images").to(_device);

    /// <summary>A value that the reference computed.</summary>
    public Tensor Output(string name) => _outputs.ReadTensor(name);

    /// <summary>The model with the reference's weights.</summary>
    /// <param name="type">Number format of the towers' products.</param>
    public FlipModel Model(ScalarType type = ScalarType.Float32)
    {
        var model = new FlipModel(Config, computeType: type, device: _device, seed: null);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var parameter in model.Parameters.All)
        {
            parameter.Master.copy_(InOurLayout(parameter, _weights.ReadTensor));
        }

        model.Parameters.CastToCompute();
        return model;
    }

    /// <summary>The gradient of a parameter for the loss at a mask ratio of 0.5.</summary>
    public Tensor Gradient(Parameter parameter) => InOurLayout(parameter, name => _outputs.ReadTensor("grad/" + name));

    /// <summary>A parameter after one update from these gradients, at a rate of 0.001.</summary>
    public Tensor Updated(Parameter parameter) => InOurLayout(parameter, name => _outputs.ReadTensor("adamw/" + name));

    /// <summary>The kept patches at a mask ratio, <c>[6, kept]</c>.</summary>
    public Tensor Keep(double ratio)
    {
        var kept = MaskRatio.Kept(16, ratio);
        var orders = _inputs.ReadFloats("mask_noise").Chunk(16).Select(noise => Enumerable.Range(0, 16).OrderBy(i => noise[i]).Select(i => (long)i).ToArray());
        return DeviceTraffic.Send<long>([.. orders.SelectMany(order => order[..kept])], _device, 6, kept);
    }

    /// <summary>Embeddings of the texts.</summary>
    public Tensor EncodeTexts(FlipModel model) => model.EncodeText(
        _inputs.ReadTensor("token_ids").to(ScalarType.Int64).to(_device),
        _inputs.ReadTensor("text_valid").to(ScalarType.Int64).sum(1).to(_device));

    /// <summary>The loss at a mask ratio of 0.5.</summary>
    public Tensor MaskedLoss(FlipModel model) =>
        ContrastiveLoss.InfoNce(model.EncodeImage(Images, Keep(0.5)), EncodeTexts(model), model.LogitFactor());

    public void Dispose()
    {
        _weights.Dispose();
        _inputs.Dispose();
        _outputs.Dispose();
        _folder.Delete(recursive: true);
    }

    private static Tensor InOurLayout(Parameter parameter, Func<string, Tensor> read)
    {
        var stored = OfficialFlipNames.Table.Find(parameter.Name)!;
        return cat([.. stored.Names.Select(name => stored.Layout.ToOurs(read(name)))], 0).contiguous();
    }

    private SafetensorsReader Open(string file)
    {
        var path = Path.Combine(_folder.FullName, $"{file}.safetensors");
        using (var resource = typeof(GoldenModel).Assembly.GetManifestResourceStream($"golden.{file}.safetensors")!)
        using (var target = File.Create(path))
        {
            resource.CopyTo(target);
        }

        return new SafetensorsReader(path);
    }
}
