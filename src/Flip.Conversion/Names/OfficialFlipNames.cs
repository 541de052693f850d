using Flip.Storage;

namespace Flip.Conversion.Names;

/// <summary>The parameter paths of the official FLIP release (Flax).</summary>
internal static class OfficialFlipNames
{
    /// <summary>The image tower's fixed positions, which the checkpoints hold although they follow from the size.</summary>
    public const string ImagePositions = "img_encoder/posembed_encoder/pos_embedding";

    /// <summary>The table.</summary>
    public static NameTable Table { get; } = new(
        [
            new("image.patchEmbedding.weight", "img_encoder/embedding/kernel", TensorLayout.FlaxConvolution),
            new("image.patchEmbedding.bias", "img_encoder/embedding/bias"),
            new("image.classToken", "img_encoder/cls", TensorLayout.OneToken),
            .. Tower("image", "img"),
            new("text.tokenEmbedding", "txt_encoder/token_embedding/embedding"),
            new("text.positions", "txt_encoder/posembed_encoder/pos_embedding", TensorLayout.OneTable),
            .. Tower("text", "txt"),
            new("logitScale", "logit_scale", TensorLayout.Scalar),
        ],
        ImagePositions);

    private static IEnumerable<NameRow> Tower(string ours, string theirs)
    {
        var block = $"{theirs}_encoder/Transformer/encoderblock_{{nn}}";
        return
        [
            .. Norm($"{ours}.blocks.{{n}}.norm1", $"{block}/LayerNorm_0"),
            .. Dense($"{ours}.blocks.{{n}}.attention.qkv", $"{block}/MultiHeadDotProductAttention_0/(query|key|value)"),
            .. Dense($"{ours}.blocks.{{n}}.attention.out", $"{block}/MultiHeadDotProductAttention_0/out"),
            .. Norm($"{ours}.blocks.{{n}}.norm2", $"{block}/LayerNorm_1"),
            .. Dense($"{ours}.blocks.{{n}}.mlp.fc1", $"{block}/MlpBlock_0/Dense_0"),
            .. Dense($"{ours}.blocks.{{n}}.mlp.fc2", $"{block}/MlpBlock_0/Dense_1"),
            .. Norm($"{ours}.finalNorm", $"{theirs}_encoder/Transformer/encoder_norm"),
            new($"{ours}.projection.weight", $"{theirs}_mlp1/kernel", TensorLayout.Transposed),
        ];
    }

    private static IEnumerable<NameRow> Norm(string ours, string theirs) =>
        [new($"{ours}.weight", $"{theirs}/scale"), new($"{ours}.bias", $"{theirs}/bias")];

    private static IEnumerable<NameRow> Dense(string ours, string theirs) =>
        [new($"{ours}.weight", $"{theirs}/kernel", TensorLayout.Transposed), new($"{ours}.bias", $"{theirs}/bias")];
}
