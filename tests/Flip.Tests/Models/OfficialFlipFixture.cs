using Flip.Config;
using Flip.Io;
using Flip.Models;
using TorchSharp;
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

    /// <summary>A tensor that official FLIP has under its own names, in our layout.</summary>
    public static Tensor InOurLayout(string ours, Func<string, Tensor> read)
    {
        var tower = ours.StartsWith("image.", StringComparison.Ordinal) ? "img" : "txt";
        var rest = ours[(ours.IndexOf('.', StringComparison.Ordinal) + 1)..];
        var parts = rest.Split('.');
        if (parts[0] == "blocks")
        {
            return InBlock($"{tower}_encoder/Transformer/encoderblock_{int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture):00}", parts[2..], read);
        }

        return rest switch
        {
            "logitScale" => read("logit_scale"),
            "patchEmbedding.weight" => Transposed(read($"{tower}_encoder/embedding/kernel").flatten(0, 2)),
            "patchEmbedding.bias" => read($"{tower}_encoder/embedding/bias"),
            "classToken" => read($"{tower}_encoder/cls").view(-1),
            "projection.weight" => Transposed(read($"{tower}_mlp1/kernel")),
            "finalNorm.weight" => read($"{tower}_encoder/Transformer/encoder_norm/scale"),
            "finalNorm.bias" => read($"{tower}_encoder/Transformer/encoder_norm/bias"),
            "tokenEmbedding" => read($"{tower}_encoder/token_embedding/embedding"),
            "positions" => read($"{tower}_encoder/posembed_encoder/pos_embedding").squeeze(0),
            _ => throw new ArgumentException(ours),
        };
    }

    public void Dispose()
    {
        _weights.Dispose();
        _inputs.Dispose();
        _outputs.Dispose();
    }

    private static Tensor InBlock(string block, string[] parts, Func<string, Tensor> read)
    {
        var attention = $"{block}/MultiHeadDotProductAttention_0";
        return string.Join('.', parts) switch
        {
            "norm1.weight" => read($"{block}/LayerNorm_0/scale"),
            "norm1.bias" => read($"{block}/LayerNorm_0/bias"),
            "norm2.weight" => read($"{block}/LayerNorm_1/scale"),
            "norm2.bias" => read($"{block}/LayerNorm_1/bias"),
            "attention.qkv.weight" => cat([.. QueryKeyValue.Select(n => Transposed(read($"{attention}/{n}/kernel")))], 0),
            "attention.qkv.bias" => cat([.. QueryKeyValue.Select(n => read($"{attention}/{n}/bias"))], 0),
            "attention.out.weight" => Transposed(read($"{attention}/out/kernel")),
            "attention.out.bias" => read($"{attention}/out/bias"),
            "mlp.fc1.weight" => Transposed(read($"{block}/MlpBlock_0/Dense_0/kernel")),
            "mlp.fc1.bias" => read($"{block}/MlpBlock_0/Dense_0/bias"),
            "mlp.fc2.weight" => Transposed(read($"{block}/MlpBlock_0/Dense_1/kernel")),
            "mlp.fc2.bias" => read($"{block}/MlpBlock_0/Dense_1/bias"),
            var other => throw new ArgumentException(other),
        };
    }

    private static readonly string[] QueryKeyValue = ["query", "key", "value"];

    private static Tensor Transposed(Tensor kernel) => kernel.t().contiguous();

    private static SafetensorsReader Open(string fixture, string file) => new(SharedData.Golden($"{fixture}/{file}.safetensors"));
}
