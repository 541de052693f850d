using Flip.Config;
using Flip.Conversion.Names;
using Flip.Models;
using Flip.Storage;
using static TorchSharp.torch;

namespace Flip.Tests.Models;

/// <summary>The golden towers of <c>tests/Golden/flip-tiny</c> (official code) and <c>flip-paper-tiny</c> (no class token).</summary>
internal sealed class OfficialFlipFixture : IDisposable
{
    private readonly SafetensorsReader _weights;
    private readonly SafetensorsReader _inputs;
    private readonly SafetensorsReader _outputs;

    public OfficialFlipFixture(string name)
    {
        _weights = Open(name, "weights");
        _inputs = Open(name, "inputs");
        _outputs = Open(name, "outputs");
        var classToken = name == "flip-tiny" ? ClassToken.WithoutPosition : ClassToken.None;
        Config = new ModelConfig
        {
            Image = new ImageConfig { ImageSize = 32, PatchSize = 8, Width = 64, Depth = 2, Heads = 4, ClassToken = classToken },
            Text = new TextConfig { VocabularySize = 200, Length = 12, Width = 48, Depth = 2, Heads = 4 },
            EmbedDim = 32,
        };
        Images = _inputs.ReadTensor("images");
        Tokens = _inputs.ReadTensor("token_ids").to(ScalarType.Int64);
        Lengths = _inputs.ReadTensor("text_valid").to(ScalarType.Int64).sum(1);
    }

    public ModelConfig Config { get; }

    public Tensor Images { get; }

    public Tensor Tokens { get; }

    public Tensor Lengths { get; }

    public float[] MaskNoise => _inputs.ReadFloats("mask_noise");

    public Tensor Output(string name) => _outputs.ReadTensor(name);

    public Tensor Weight(string name) => _weights.ReadTensor(name);

    public FlipModel Model()
    {
        var model = new FlipModel(Config);
        using var noGrad = no_grad();
        foreach (var parameter in model.Parameters.All)
        {
            parameter.Master.copy_(InOurLayout(parameter.Name, _weights.ReadTensor));
        }

        return model;
    }

    public Tensor Gradient(Parameter parameter) => InOurLayout(parameter.Name, name => _outputs.ReadTensor("grad/" + name));

    public Tensor AfterAdamW(Parameter parameter) => InOurLayout(parameter.Name, name => _outputs.ReadTensor("adamw/" + name));

    /// <summary>A parameter from tensors that have official FLIP's names.</summary>
    public static Tensor InOurLayout(string ours, Func<string, Tensor> read)
    {
        var stored = OfficialFlipNames.Table.Find(ours)!;
        return cat([.. stored.Names.Select(name => stored.Layout.ToOurs(read(name)))], 0).contiguous();
    }

    public void Dispose()
    {
        _weights.Dispose();
        _inputs.Dispose();
        _outputs.Dispose();
    }

    private static SafetensorsReader Open(string fixture, string file) => new(SharedData.Golden($"{fixture}/{file}.safetensors"));
}
